import type { Act } from './ActionButton';
import type { Route } from './route';

/** What each page of the console gets. */
export interface PageProps {
  route: Route;
  /** Does something for the operator, who reads what became of it. */
  act: Act;
}
