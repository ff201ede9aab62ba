/**
 * `npm run docs:picture`: takes docs/images/page.png anew, of both roles on a fresh database: a report, a photo, a
 * notification, and workers that burn. It takes two minutes; on a machine that does nothing else the page is calm.
 */
import { join } from 'node:path';
import { root } from '../infra/dev/root';
import { launchBrowser } from '../tests/support/browser';
import { dropFiles, eventuallySays, fill, openPage } from '../tests/support/page';
import { startPair } from './pair';

const patienceMs = 150_000;
const lookMs = 8_000;
/** So that the figure of the last minute is full. */
const openForMs = 55_000;

async function takePicture(): Promise<void> {
  const [pair, browser] = await Promise.all([startPair(), launchBrowser()]);
  try {
    const openedAt = Date.now();
    const { page } = await openPage(browser, pair.webUrl, { height: 1_250 });
    await dropFiles(page, '.drop', [join(root, 'tests/fixtures/photo.jpg')]);
    await page.waitForSelector('.picture[data-state=ready]', { timeout: patienceMs });
    await fill(page, 'input[name=rows]', '20000');
    await page.click('.report-form button[type=submit]');
    await page.waitForSelector('.report[data-state=ready]', { timeout: patienceMs });
    await eventuallySays(page, '.news-item strong', /Work came in/, patienceMs);
    await new Promise(resolve => setTimeout(resolve, openedAt + openForMs - Date.now()));
    await page.evaluate(() => scrollTo(0, 0));
    await page.click('.burn button[type=submit]');
    await eventuallySays(page, '.burn-state', /at full load/);
    await new Promise(resolve => setTimeout(resolve, lookMs));
    await eventuallySays(page, '.pulse h1', /burns?\. The web role is calm\./);
    await page.screenshot({ path: join(root, 'docs/images/page.png') as `${string}.png` });
  } finally {
    await browser.close();
    await pair.stop();
  }
}

takePicture().catch(error => {
  console.error(error);
  process.exitCode = 1;
});
