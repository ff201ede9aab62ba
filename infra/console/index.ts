/** The console's page, for the browser's entry; the server's half is in console.ts. */
export { Console } from './pages/Console';
