/** The app's server entry: the bundler's plugin says which file that is. */
declare module 'tandem:app' {}

/** The npm package `ejson` is Meteor's own EJSON, repackaged; it brings no types. */
declare module 'ejson' {
  const EJSON: typeof import('./shared/ejson').EJSON;
  export default EJSON;
}
