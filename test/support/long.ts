/** True when the run may take longer than CI has: more points, longer outages. Everything that CI should show is run without. */
export const LONG = process.env['BODE_LONG'] === '1';
