/** The app's server entry: the bundler's plugin says which file that is. */
declare module 'tandem:app' {}
