/** Hides every run of eleven or more digits (an INSS may be among them) so that the text may be logged and shown. */
export function maskNumbers(text: string): string {
  return text.replace(/\d(?:[\s.-]?\d){10,}/g, '***********');
}
