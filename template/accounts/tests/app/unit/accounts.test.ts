import { tokenIn } from '../../../imports/api/accounts/login-cookie';
import { emailProblem, newPasswordProblem } from '../../../imports/api/accounts/schema';

jest.mock('meteor/meteor', () => ({}), { virtual: true });

const token = 'aB3-_'.repeat(9);

test('an address is looked at for slips, not for existence', () => {
  for (const fine of ['ada@example.com', 'a+b@x.y.example']) expect(emailProblem(fine)).toBeUndefined();
  for (const wrong of ['ada', 'ada@', '@x.example', 'a b@x.example', 'ada@example.'])
    expect(emailProblem(wrong)).toMatch(/looks like/);
  expect(emailProblem('')).toMatch(/Type your/);
  expect(emailProblem(`ada@${'x'.repeat(249)}.y`)).toMatch(/at most 254 characters, not 255/);
});

test('a new password has its limits', () => {
  expect(newPasswordProblem('12345678')).toBeUndefined();
  expect(newPasswordProblem('1234567')).toMatch(/8 to 256 characters, not 7/);
  expect(newPasswordProblem('x'.repeat(257))).toMatch(/not 257/);
});

describe('the cookie of a login', () => {
  test('is found among others', () => expect(tokenIn(`theme=dark; login=${token}; x=y`)).toBe(token));

  test.each([undefined, '', 'login=', 'login=short', `logins=${token}`, 'login[$ne]=x', `login=${token.repeat(3)}`])(
    'is not in %p',
    header => expect(tokenIn(header)).toBeUndefined(),
  );
});
