import type { Route } from '../../shared/settings.ts';
import type { CatalogueRobot } from '../worker/robot-catalogue.ts';

/** The robot of a task definition: what the setting says, else the one of the same code; only those served here. */
export function findRoutedRobot(
  definitionCode: string,
  routes: Readonly<Record<string, Route>>,
  served: readonly CatalogueRobot[],
): CatalogueRobot | undefined {
  const wanted = routes[definitionCode]?.robot ?? definitionCode;
  return served.find(({ id, code }) => id === wanted || code === wanted);
}

/** By the codes of all task definitions that lead to a robot of this host. */
export function routedRobots(
  routes: Readonly<Record<string, Route>>,
  served: readonly CatalogueRobot[],
): Map<string, CatalogueRobot> {
  const found = new Map<string, CatalogueRobot>();
  for (const code of new Set([...served.map((robot) => robot.code), ...Object.keys(routes)])) {
    const robot = findRoutedRobot(code, routes, served);
    if (robot) found.set(code, robot);
  }
  return found;
}
