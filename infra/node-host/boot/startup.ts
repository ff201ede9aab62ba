type Hook = () => unknown;

let hooks: Hook[] | undefined = [];

/** Runs `hook` before the process listens, after those that were given before; at once where it listens already. */
export function startup(hook: Hook): void {
  if (hooks) hooks.push(hook);
  else hook();
}

/** Runs the hooks, one after the other; one of them may add more. @throws what a hook throws */
export async function runStartupHooks(): Promise<void> {
  for (let hook = hooks?.shift(); hook; hook = hooks?.shift()) await hook();
  hooks = undefined;
}
