type Hook = () => unknown;

let hooks: Hook[] | undefined = [];

/** Runs `hook` before the process listens, after earlier hooks; at once if it listens already. */
export function startup(hook: Hook): void {
  if (hooks) hooks.push(hook);
  else hook();
}

/** Runs the hooks, one after the other; a hook may add more. @throws the error of a hook */
export async function runStartupHooks(): Promise<void> {
  for (let hook = hooks?.shift(); hook; hook = hooks?.shift()) await hook();
  hooks = undefined;
}
