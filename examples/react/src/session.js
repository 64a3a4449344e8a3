const SERVICE = import.meta.env.VITE_SERVICE ?? 'http://localhost:3000';

/** Where the functions are; in the cloud each has its own host: { signature, uploads }. */
export const endpoint = SERVICE;

let token;

/** Signs in. Here the local stack plays the login; in your app this is your identity provider. */
export async function signIn() {
  const response = await fetch(`${SERVICE}/__local/token`, {
    method: 'POST',
    body: JSON.stringify({ sub: 'user-42', scope: 'upload:sign upload:read upload:cancel' }),
  });
  if (!response.ok) throw new Error(await response.text());
  ({ token } = await response.json());
}

/** Forgets the token, as your login does when a session ends. */
export function signOut() {
  token = undefined;
}

/** Returns the token of the one who is signed in; undefined if nobody is. */
export function readToken() {
  return token;
}
