// JSON Schema in few words. Objects are closed: a key that OpenAI does not publish, and this server's documents do not name, is a fault.

export const text = { type: 'string' };
export const filled = { type: 'string', minLength: 1 };
export const flag = { type: 'boolean' };
export const number = { type: 'number' };
export const count = { type: 'integer', minimum: 0 };
export const seconds = { type: 'integer', minimum: 1_600_000_000 };
export const map = values => ({ type: 'object', additionalProperties: values });
export const list = (items, limits = {}) => ({ type: 'array', items, ...limits });
export const only = value => ({ const: value });
export const either = (...values) => ({ enum: values });
export const oneOf = (...schemas) => ({ anyOf: schemas });
export const nullable = schema => oneOf(schema, { type: 'null' });

/** An object with all of the first keys and any of the second. */
export const object = (required, optional = {}) => ({
    type: 'object',
    properties: { ...required, ...optional },
    required: Object.keys(required),
    additionalProperties: false,
});
