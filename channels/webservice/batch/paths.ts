/** Where submissions are sent, and asked after. */
export const SUBMISSIONS_PATH = '/REST/batch/v1/submissions';

/** Where answers lie. */
export const OUT_PATH = '/REST/batch/v1/out';
