/** The npm package `ejson` is Meteor's own EJSON, repackaged; it brings no types. */
declare module 'ejson' {
  const EJSON: typeof import('./ejson').EJSON;
  export default EJSON;
}
