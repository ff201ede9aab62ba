/**
 * `npm run check:meteor`: checks all that Meteor needs and that can be seen without it. One line a check; exits 1 with
 * the reasons.
 */
import { root } from '../root';
import { CheckoutFiles } from './checkout-files';
import { type Check, checks } from './checks';

async function problemsIn(check: Check, files: CheckoutFiles): Promise<string[]> {
  try {
    return await check.problems(files);
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)]; // a file is missing, or is not JSON
  }
}

async function run(): Promise<void> {
  const files = new CheckoutFiles(root);
  for (const check of checks) {
    const problems = await problemsIn(check, files);
    console.log(`${problems.length === 0 ? 'ok  ' : 'FAIL'}  ${check.name}`);
    for (const problem of problems) console.error(`      ${problem}`);
    if (problems.length > 0) process.exitCode = 1;
  }
}

void run();
