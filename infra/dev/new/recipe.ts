import type { Change } from './changes';
import type { Name } from './name';

/** What one `npm run new:…` writes. */
export interface Recipe {
  changes: Change[];
  /** What the person does next, a line each. */
  next: string[];
}

/** @throws where the name is right as such, but not for this. */
export type RecipeFor = (name: Name, root: string) => Recipe;
