/** Whether a state is good or bad, or none of both. */
export type Tone = 'plain' | 'active' | 'good' | 'warn' | 'bad';
