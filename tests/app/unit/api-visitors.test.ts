import { defineVisitorMethods } from '../../../imports/api/visitors';
import { ownerOf, ownerOfCookies } from '../../../imports/api/visitors/token';

jest.mock('meteor/check', () => require('../../../infra/node-host/shared/check'), { virtual: true });
jest.mock('meteor/ddp', () => require('../../../infra/node-host/modules/ddp'), { virtual: true });
jest.mock('meteor/ddp-rate-limiter', () => require('../../../infra/node-host/ddp/rate-limiter'), {
  virtual: true,
});
jest.mock('meteor/ejson', () => require('../../../infra/node-host/shared/ejson'), { virtual: true });
jest.mock('meteor/mongo', () => require('../../../infra/node-host/modules/mongo'), { virtual: true });
jest.mock('meteor/meteor', () => require('../../../infra/node-host/modules/meteor'), { virtual: true });

const { Meteor } = require('../../../infra/node-host/modules/meteor');
const token = 'a'.repeat(64);

describe('visitors.enter', () => {
  test('has ended when the publications know the visitor: what the page says next finds them done', async () => {
    defineVisitorMethods();
    const order: string[] = [];
    const caller = {
      setUserId: async (userId: string) => {
        await new Promise(setImmediate); // Meteor runs the publications again meanwhile
        order.push(`publications of ${userId}`);
      },
    };
    await Meteor.server.method_handlers['visitors.enter'].call(caller, token);
    order.push('answered');
    expect(order).toEqual([`publications of ${ownerOf(token)}`, 'answered']);
  });
});

describe('a visitor', () => {
  test('is known by the cookie, as the hash of its token', () => {
    expect(ownerOfCookies(`theme=dark; visitor=${token}; x=y`)).toBe(ownerOf(token));
    expect(ownerOf(token)).not.toContain(token);
  });

  test.each([undefined, '', 'visitor=', 'visitor=short', `visitors=${token}`, `visitor=${token}x`])(
    'is nobody by %p',
    cookies => {
      expect(ownerOfCookies(cookies)).toBeUndefined();
    },
  );
});
