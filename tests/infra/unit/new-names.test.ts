import { nameOf } from '../../../infra/dev/new/name';

describe('the name of something new', () => {
  test.each(['sendInvoice', 'send-invoice', 'send invoice', 'SendInvoice', 'send_invoice'])(
    'may be typed as %p',
    typed => {
      expect(nameOf([typed], 'new:task')).toEqual({
        camel: 'sendInvoice',
        pascal: 'SendInvoice',
        kebab: 'send-invoice',
        words: 'send invoice',
      });
    },
  );

  test.each([
    [[], 'name: is missing. Try: npm run new:task send-invoice'],
    [['  '], 'name: is missing. Try: npm run new:task send-invoice'],
    [
      ['send', 'invoice', 'now'],
      'name: one is enough, not 3 (send, invoice, now). Try: npm run new:task send-invoice-now',
    ],
    [['../../etc'], 'name: "../../etc" has more than letters, digits and -. Try: npm run new:task send-invoice'],
    [['7days'], 'name: "7days" does not begin with a letter. Try: npm run new:task send-invoice'],
    [['x'.repeat(41)], `name: "${'x'.repeat(41)}" is longer than 40 characters. Try: npm run new:task send-invoice`],
    [['client'], 'name: "client" means something else here. Try: npm run new:task send-invoice'],
    [['toString'], 'name: "toString" means something else here. Try: npm run new:task send-invoice'],
    [['constructor'], 'name: "constructor" means something else here. Try: npm run new:task send-invoice'],
    [['-'], 'name: "-" is no name, and there are no options. Try: npm run new:task send-invoice'],
    [['--help'], 'name: "--help" is no name, and there are no options. Try: npm run new:task send-invoice'],
    [['rechnung-für'], 'name: "rechnung-für" has more than letters, digits and -. Try: npm run new:task send-invoice'],
  ])('may not be %p', (typed, message) => {
    expect(() => nameOf(typed, 'new:task')).toThrow(new Error(message));
  });
});
