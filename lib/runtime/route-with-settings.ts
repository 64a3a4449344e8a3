import { loadSettings } from '../policy/load-settings.ts';
import type { Settings } from '../policy/settings.ts';
import type { Route } from './http-handler.ts';

/**
 * Creates the route of `make` with the settings that were deployed in `folder`. If they are wrong, every request fails
 * with a `ConfigError` that lists all errors.
 */
export function routeWithSettings(folder: string, make: (settings: Settings) => Route): Route {
  const settings = loadSettings(folder);
  if (!(settings instanceof Promise)) return make(settings);

  let route: Route | undefined;
  const making = settings.then((loaded) => {
    route = make(loaded);
    return route;
  });
  // Every request that awaits it gets the error.
  making.catch(() => {});
  return (event, invocation) =>
    route === undefined ? making.then((made) => made(event, invocation)) : route(event, invocation);
}
