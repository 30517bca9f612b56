/** Loaded before the controller: its clock is ahead of the machine's by CLOCK_SHIFT_MS, as that of another node is. */
const shift = Number(process.env['CLOCK_SHIFT_MS']);
const now = Date.now.bind(Date);

Date.now = () => now() + shift;
globalThis.Date = new Proxy(Date, {
  construct: (target, args: readonly unknown[]) =>
    Reflect.construct(target, args.length === 0 ? [Date.now()] : args) as Date,
});
