import { newApi } from './api';
import { makeChanges, type Recipe, type RecipeFor } from './changes';
import { nameOf } from './name';
import { newSchedule } from './schedule';
import { newTask } from './task';

const recipes: Record<string, RecipeFor> = { task: newTask, schedule: newSchedule, api: newApi };

/**
 * Writes all files of a new task, schedule or api, or none.
 *
 * @param kind `task`, `schedule` or `api`.
 * @param typed the words of the name from the command line.
 * @throws with every reason.
 */
export function writeNew(root: string, kind: string, typed: readonly string[]): Recipe {
  const recipeFor = recipes[kind];
  if (!recipeFor) throw new Error(`kind: ${JSON.stringify(kind)} is not one of ${Object.keys(recipes).join(', ')}`);
  const recipe = recipeFor(nameOf(typed, `new:${kind}`), root);
  makeChanges(root, recipe.changes);
  return recipe;
}
