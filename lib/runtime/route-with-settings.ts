import { loadSettings } from '../policy/load-settings.ts';
import type { Settings } from '../policy/settings.ts';
import type { Route } from './http-handler.ts';

/**
 * Returns `make`'s route under the settings that were shipped in `folder`. Where they are wrong, every request fails
 * with a `ConfigError` that says all that is.
 */
export function routeWithSettings(folder: string, make: (settings: Settings) => Route): Route {
  const settings = loadSettings(folder);
  if (!(settings instanceof Promise)) return make(settings);

  let route: Route | undefined;
  const making = settings.then((loaded) => {
    route = make(loaded);
    return route;
  });
  // It is told to anyone who asks.
  making.catch(() => {});
  return (event, invocation) =>
    route === undefined ? making.then((made) => made(event, invocation)) : route(event, invocation);
}
