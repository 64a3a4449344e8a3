/** How a state is to be taken. */
export type Tone = 'plain' | 'active' | 'good' | 'warn' | 'bad';
