/** Loaded into a command (`node --import`): its clock goes on from the instant in BODE_TEST_NOW instead of the machine's. */
const Machine = globalThis.Date;
const ahead = Machine.parse(process.env['BODE_TEST_NOW'] ?? '') - Machine.now();

globalThis.Date = new Proxy(Machine, {
  construct: (target, given, asked) =>
    Reflect.construct(target, given.length === 0 ? [Machine.now() + ahead] : given, asked),
  get: (target, name, asked) => (name === 'now' ? () => Machine.now() + ahead : Reflect.get(target, name, asked)),
});

export {};
