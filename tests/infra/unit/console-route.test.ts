import { addressOf, routeOf } from '../../../infra/console/pages/route';

test.each([
  ['', undefined, {}, '/console'],
  ['tasks', undefined, { state: 'failed', q: '' }, '/console/tasks?state=failed'],
  ['tasks', 'a/b ?#%', {}, '/console/tasks/a%2Fb%20%3F%23%25'],
])('the address of %j %j names the view and leads back to it', (page, id, query, address) => {
  expect(addressOf(page, id, query)).toBe(address);
  expect(routeOf(address)).toMatchObject({ page, ...(id && { id }) });
});

test('an address that was cut in half names what is left of it', () => {
  expect(routeOf('/console/tasks/50%')).toMatchObject({ page: 'tasks', id: '50%' });
});
