import puppeteer, { type Browser } from 'puppeteer-core';
import { isExecutable, onPath } from '../../infra/dev/on-path';
import { carriedChromium } from './carried-chromium';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const macOS = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';

/** It runs as root in CI, in small containers, and has nobody to call. */
const flags = [
  '--no-sandbox',
  '--disable-setuid-sandbox',
  '--disable-dev-shm-usage',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-domain-reliability',
  '--disable-sync',
  '--metrics-recording-only',
  '--no-first-run',
  '--no-pings',
  '--no-zygote',
];

/**
 * A real headless Chromium: the one that `CHROMIUM_PATH` names, else one on this machine, else the one that
 * @sparticuz/chromium carries. Close it in `afterAll`.
 */
export async function launchBrowser(): Promise<Browser> {
  const path = process.env.CHROMIUM_PATH || chromiumOfThisMachine();
  const { executablePath, env } = path ? { executablePath: path, env: {} } : await carriedChromium();
  // By a system without a language its own would be en-US@posix, which is none to Intl.
  return puppeteer.launch({
    executablePath,
    args: flags,
    headless: 'shell',
    env: { ...process.env, ...env, LANG: 'en_US.UTF-8' },
  });
}

function chromiumOfThisMachine(): string | undefined {
  return onPath(names) ?? [macOS].find(isExecutable);
}
