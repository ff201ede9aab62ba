const waiting: (() => void)[] = [];
let isReady = document.readyState === 'complete';

if (!isReady) {
  addEventListener('DOMContentLoaded', runAll);
  addEventListener('load', runAll);
}

/** Runs `hook` when the page is there, hooks in their order; at once where it is. */
export function startup(hook: () => void): void {
  if (isReady) hook();
  else waiting.push(hook);
}

function runAll(): void {
  isReady = true;
  for (let hook = waiting.shift(); hook; hook = waiting.shift()) hook();
}
