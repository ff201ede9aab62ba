import { createServer } from 'node:net';

/** A TCP port on which nobody listens right now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** Whether a program can listen on `port`, on every address of this machine. */
export function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer();
    server.on('error', () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
}

/** Whether a program can listen on `port`, now or within `patienceMs`. */
export async function becomesFree(port: number, patienceMs: number): Promise<boolean> {
  const until = Date.now() + patienceMs;
  while (!(await isFree(port))) {
    if (Date.now() >= until) return false;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  return true;
}
