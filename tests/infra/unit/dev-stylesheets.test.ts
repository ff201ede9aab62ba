import { inMeteorsOrder } from '../../../infra/dev/bundling/bundles';

test('merges stylesheets in the order of Meteor: deeper ones, then by name, and main last', () => {
  const given = [
    'client/main.css',
    'client/page.css',
    'client/area/z.css',
    'infra/console/console.css',
    'client/a.css',
  ];
  expect(inMeteorsOrder(given)).toEqual([
    'client/area/z.css',
    'infra/console/console.css',
    'client/a.css',
    'client/page.css',
    'client/main.css',
  ]);
});
