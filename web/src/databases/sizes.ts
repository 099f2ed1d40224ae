/** The sizes that a database may have, from the smallest on. */
export const DATABASE_SIZES = ['small', 'medium', 'large', 'xlarge'];
