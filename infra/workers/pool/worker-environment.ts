/** The variables that describe the machine: paths, languages, certificates. Nothing of the app. */
const kept = [
  'PATH',
  'HOME',
  'USER',
  'TMPDIR',
  'TEMP',
  'TMP',
  'TZ',
  'LANG',
  'NODE_ENV',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'SystemRoot',
  'UV_THREADPOOL_SIZE',
];

/** Set in every worker's environment, so that code can tell where it runs. */
export const workerMark = 'TANDEM_WORKER';

/**
 * The environment of a worker: the role's settings, port and secrets stay with the role.
 *
 * @param environment of the role.
 * @param more further variables for handlers; these win.
 */
export function workerEnvironment(
  environment: NodeJS.ProcessEnv,
  more: Record<string, string> = {},
): NodeJS.ProcessEnv {
  const own = Object.entries(environment).filter(([name]) => kept.includes(name) || name.startsWith('LC_'));
  return { ...Object.fromEntries(own), ...more, [workerMark]: '1' } as NodeJS.ProcessEnv;
}
