/**
 * `npm run init my-app --bare`: without `--` before it npm takes a flag for itself, and the program would do something
 * else than what was asked for.
 *
 * @param flags such as `dry-run`.
 * @throws one line with the command as it is meant.
 */
export function refuseFlagsOfNpm(script: string, flags: readonly string[], given = process.argv.slice(2)): void {
  const isTaken = (flag: string) => process.env[`npm_config_${flag.replaceAll('-', '_')}`] === 'true';
  const taken = flags.filter(isTaken).map(flag => `--${flag}`);
  if (taken.length === 0) return;
  const meant = ['npm', 'run', script, '--', ...given, ...taken].join(' ');
  throw new Error(`npm has kept ${taken.join(' and ')} for itself. Nothing was changed. Try: ${meant}`);
}
