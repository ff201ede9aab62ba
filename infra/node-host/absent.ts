/** Replaces the exports of a package that the host lacks: calls do nothing and give undefined. */
export function absent(): object {
  return new Proxy(function nothing() {}, {
    get: (_, name) =>
      name === '__esModule' ? true : typeof name === 'symbol' || name === 'then' ? undefined : absent(),
    apply: () => undefined,
  });
}

/** What the package accounts-base adds to `Meteor`: here nobody is logged in, and nobody can be. */
export const nobody = {
  users: absent(),
  user: () => null,
  userAsync: async () => null,
  userId: () => null,
  loggingIn: () => false,
  loggingOut: () => false,
  loginWithPassword: absent(),
  loginWithToken: absent(),
  logout: absent(),
};
