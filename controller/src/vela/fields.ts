/** JSON objects whose fields nobody has checked yet. */
export { type Fields, fieldsOf, isFields } from '../domain/lang/fields.ts';
