/** The part of Swagger UI that is used: https://swagger.io/docs/open-source-tools/swagger-ui/usage/configuration/. */
interface SwaggerUi {
  preauthorizeApiKey(scheme: string, token: string): void;
}

declare const SwaggerUIBundle: (options: Readonly<Record<string, unknown>>) => SwaggerUi;

const SCOPE = 'upload:sign upload:pull upload:read upload:cancel upload:admin';

/** Lets requests that are tried out on the page pass, as those of an operator. */
async function authorize(ui: SwaggerUi): Promise<void> {
  const body = JSON.stringify({ sub: 'local-user', scope: SCOPE });
  const response = await fetch('/__local/token', { method: 'POST', body });
  const { token } = await response.json();
  ui.preauthorizeApiKey('caller', token);
}

const ui = SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#docs',
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  defaultModelExpandDepth: 4,
  displayRequestDuration: true,
  // By default it would have the document checked by another host.
  validatorUrl: null,
  onComplete: () => void authorize(ui),
});
