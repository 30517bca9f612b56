/**
 * The sandbox cannot do what was asked, and the person who asked can fix it. The message is one sentence that says what
 * is wrong and the remedy; the command line prints it alone, without a stack, and exits with 1.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}
