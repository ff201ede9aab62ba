import { root as checkout } from '../root';

const mostFrames = 8;
const frame = /^at (?:(.*) \()?(?:file:\/\/)?([^()]*?:\d+:\d+)\)?$/;

/**
 * A line of the log has an error's stack at its end, behind `|`. Gives the line without that, then a line for each
 * frame in code of this checkout, as a path that an editor's terminal opens, and for each cause.
 *
 * @returns only the line itself where it has no stack.
 */
export function withStackBelow(line: string, root = checkout): string[] {
  const parts = line.split(' | ');
  const first = parts.findIndex(part => frame.test(part));
  if (first < 1) return [line];
  return [parts.slice(0, first).join(' | '), ...shown(parts.slice(first), root).map(text => `    ${text}`)];
}

/** The frames of the app; of the machinery where the app has none, and all of them where neither has one. */
function shown(parts: string[], root: string): string[] {
  const inFolder = (folder: string) => parts.some(part => pathOf(part, root).startsWith(folder));
  const isOurs = (part: string) => pathOf(part, root) !== '';
  const isApps = (part: string) => isOurs(part) && !pathOf(part, root).startsWith('infra/');
  const keeps = parts.some(isApps) ? isApps : inFolder('infra/') ? isOurs : () => true;
  let left = mostFrames;
  return parts.flatMap(part => {
    if (!frame.test(part)) return [part];
    return keeps(part) && left-- > 0 ? [brief(part, root)] : [];
  });
}

/** The place of a frame from the root of the checkout; empty for packages, Node and what is elsewhere. */
function pathOf(part: string, root: string): string {
  const place = frame.exec(part)?.[2] ?? '';
  return place.startsWith(`${root}/`) && !place.includes('/node_modules/') ? place.slice(root.length + 1) : '';
}

function brief(part: string, root: string): string {
  const path = pathOf(part, root);
  // Each handler is called `handler`: the bundle numbers them.
  const name = frame
    .exec(part)?.[1]
    ?.replace(/\bObject\./, '')
    .replace(/\bhandler\d+$/, 'handler');
  if (!path) return part;
  return name ? `at ${name} (${path})` : `at ${path}`;
}
