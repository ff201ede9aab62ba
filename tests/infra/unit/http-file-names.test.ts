import { disposition, downloadName, safeName, safeType } from '../../../infra/http/file-names';

describe('a file name', () => {
  test.each([
    ['../../etc/passwd', 'passwd'],
    ['C:\\photos\\me.jpg', 'me.jpg'],
    ['a\r\nSet-Cookie: x.jpg', 'aSet-Cookie x.jpg'],
    ['evil\u202egpj.exe', 'evilgpj.exe'],
    ['.htaccess', 'htaccess'],
    ['', 'photo.jpg'],
    [undefined, 'photo.jpg'],
    ['Grüße 🚲.jpg', 'Grüße 🚲.jpg'],
  ])('%p becomes %p', (name, safe) => {
    expect(safeName(name, 'photo.jpg')).toBe(safe);
  });

  test('keeps its end when it is too long', () => {
    expect(safeName(`${'a'.repeat(300)}.jpg`, 'x')).toHaveLength(100);
    expect(safeName(`${'a'.repeat(300)}.jpg`, 'x')).toMatch(/\.jpg$/);
  });

  test('is cut between whole signs, and holds no half of one', () => {
    const family = '👨‍👩‍👧‍👦';
    for (let length = 80; length <= 100; length += 1) {
      const name = safeName(`${family}${'a'.repeat(length)}.jpg`, 'x');
      expect(name.replace(family, '')).toMatch(/^a+\.jpg$/);
      expect(name.length).toBeLessThanOrEqual(100);
    }
    const half = '🎉'.slice(0, 1);
    expect(safeName(`${half}.jpg`, 'x')).toBe('\ufffd.jpg');
    expect(disposition('inline', `${half}.jpg`)).toContain("UTF-8''%EF%BF%BD.jpg");
  });

  test.each([
    ['me.JPEG', 'image/jpeg', 'me.JPEG'],
    ['page.html', 'image/jpeg', 'page.html.jpg'],
    ['photo.jpg', 'image/png', 'photo.jpg.png'],
    ['run.exe', 'application/x-msdownload', 'run.exe.bin'],
    ['', 'image/png', 'file.png'],
  ])('%p of the type %s is downloaded as %p', (name, type, downloaded) => {
    expect(downloadName(name, type)).toBe(downloaded);
  });

  test('goes into a header in ASCII and in UTF-8', () => {
    expect(disposition('attachment', 'Grü"ße.xlsx')).toBe(
      `attachment; filename="Gr__e.xlsx"; filename*=UTF-8''Gr%C3%BC%22%C3%9Fe.xlsx`.replace('Gr__e', 'Gr___e'),
    );
  });
});

test('gives out no type that a browser would run', () => {
  expect(safeType('text/html')).toBe('application/octet-stream');
  expect(safeType('image/svg+xml')).toBe('application/octet-stream');
  expect(safeType('image/png')).toBe('image/png');
});
