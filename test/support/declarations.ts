export { aDeclaration } from '../../scripts/declaration/declaration.ts';
export { enterpriseNumberOf, inssOf, nssoNumberOf } from '../../scripts/declaration/numbers.ts';
export { writeDeclaration } from '../../scripts/declaration/write.ts';
