/**
 * The app's pages, uploads, files and console begin at the root of their host, and so do the socket and the routes of a
 * role: below a path half of it would be missing, without a word.
 *
 * @throws one line where ROOT_URL says more than a host.
 */
export function refusePathInRootUrl({ ROOT_URL = '' }: NodeJS.ProcessEnv = process.env): void {
  if (!URL.canParse(ROOT_URL)) return; // the host of this process says so itself
  const { origin, pathname, search, hash } = new URL(ROOT_URL);
  const path = `${pathname}${search}${hash}`;
  if (path === '/' || path === '') return;
  throw new Error(
    `ROOT_URL: ${origin}${path} has a path, and the app runs at the root of a host only: give it a host name of its own, and ROOT_URL=${origin}`,
  );
}
