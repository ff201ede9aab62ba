/** Databases of MongoDB itself: what an app stores has no place there. */
export const mongosOwn: readonly string[] = ['admin', 'local', 'config'];

/** The longest name that MongoDB takes. */
const longest = 63;

/** The database of a package: `@acme/shop.web` has `acme-shop-web`, since MongoDB and its URLs take few characters. */
export function databaseNameOf(packageName: string): string {
  const name = packageName
    .replace(/^@/, '')
    .replace(/[^\w-]+/g, '-')
    .slice(0, longest);
  return mongosOwn.includes(name.toLowerCase()) ? `${name}-app` : name;
}
