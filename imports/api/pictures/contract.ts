declare module '../contract' {
  interface Methods {
    'pictures.retry': (id: string) => undefined;
    'pictures.remove': (id: string) => undefined;
  }
}

export {};
