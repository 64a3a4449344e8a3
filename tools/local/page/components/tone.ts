/** Whether a state is good, bad or neither. */
export type Tone = 'plain' | 'active' | 'good' | 'warn' | 'bad';
