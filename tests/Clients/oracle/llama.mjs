// Llama 2 once more, from the papers and in float64, with no code of the server's: what its answers are held against.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Reads a checkpoint of one safetensors file (bfloat16 or float32). */
export function load(folder) {
    const config = JSON.parse(readFileSync(join(folder, 'config.json')));
    const file = readFileSync(join(folder, 'model.safetensors'));
    const length = Number(file.readBigUInt64LE(0)), header = JSON.parse(file.subarray(8, 8 + length).toString());
    const tensor = name => decode(file.subarray(8 + length + header[name].data_offsets[0], 8 + length + header[name].data_offsets[1]), header[name].dtype);
    const layers = Array.from({ length: config.num_hidden_layers }, (_, i) => Object.fromEntries([
        'input_layernorm', 'self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj', 'self_attn.o_proj',
        'post_attention_layernorm', 'mlp.gate_proj', 'mlp.up_proj', 'mlp.down_proj',
    ].map(name => [name.split('.').at(-1), tensor(`model.layers.${i}.${name}.weight`)])));
    return { config, layers, embed: tensor('model.embed_tokens.weight'), norm: tensor('model.norm.weight'), head: tensor(config.tie_word_embeddings ? 'model.embed_tokens.weight' : 'lm_head.weight') };
}

function decode(bytes, dtype) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (dtype === 'F32')
        return Float64Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
    if (dtype !== 'BF16')
        throw new Error(`no reader for ${dtype}`);
    const widened = new DataView(new ArrayBuffer(4)); // a bfloat16 is the upper half of a float32
    return Float64Array.from({ length: bytes.length / 2 }, (_, i) => {
        widened.setUint16(2, view.getUint16(2 * i, true), true);
        return widened.getFloat32(0, true);
    });
}

/** One sequence: each call takes its next token and gives the log-probability of every token that could follow. */
export class Reading {
    constructor(model) {
        this.model = model;
        this.cache = model.layers.map(() => ({ keys: [], values: [] }));
    }

    next(token) {
        const { config, layers, embed, norm, head } = this.model, width = config.hidden_size, eps = config.rms_norm_eps;
        const hidden = embed.slice(token * width, (token + 1) * width);
        layers.forEach((layer, i) => {
            add(hidden, this.attend(layer, this.cache[i], rmsNorm(hidden, layer.input_layernorm, eps)));
            const normed = rmsNorm(hidden, layer.post_attention_layernorm, eps);
            const gate = multiply(layer.gate_proj, normed), up = multiply(layer.up_proj, normed);
            add(hidden, multiply(layer.down_proj, gate.map((g, k) => g / (1 + Math.exp(-g)) * up[k])));
        });
        this.hidden = rmsNorm(hidden, norm, eps);
        return logSoftmax(multiply(head, this.hidden));
    }

    attend(layer, cache, input) {
        const { num_attention_heads: heads, num_key_value_heads: kvHeads = heads, hidden_size, head_dim: size = hidden_size / heads, rope_theta: theta = 10000 } = this.model.config;
        const position = cache.keys.length;
        const query = rotate(multiply(layer.q_proj, input), size, position, theta);
        cache.keys.push(rotate(multiply(layer.k_proj, input), size, position, theta));
        cache.values.push(multiply(layer.v_proj, input));
        const joined = new Float64Array(heads * size);
        for (let head = 0; head < heads; head++) {
            const own = head * size, shared = Math.floor(head * kvHeads / heads) * size;
            const scores = cache.keys.map(key => {
                let sum = 0;
                for (let i = 0; i < size; i++)
                    sum += query[own + i] * key[shared + i];
                return sum / Math.sqrt(size);
            });
            const logs = logSoftmax(scores);
            cache.values.forEach((value, t) => {
                const weight = Math.exp(logs[t]);
                for (let i = 0; i < size; i++)
                    joined[own + i] += weight * value[shared + i];
            });
        }
        return multiply(layer.o_proj, joined);
    }
}

function multiply(matrix, vector) {
    const columns = vector.length, result = new Float64Array(matrix.length / columns);
    for (let row = 0, at = 0; row < result.length; row++) {
        let sum = 0;
        for (let column = 0; column < columns; column++)
            sum += matrix[at++] * vector[column];
        result[row] = sum;
    }
    return result;
}

function add(target, other) {
    for (let i = 0; i < target.length; i++)
        target[i] += other[i];
}

function rmsNorm(vector, weight, eps) {
    const scale = 1 / Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0) / vector.length + eps);
    return vector.map((x, i) => x * scale * weight[i]);
}

// Hugging Face's layout: dimension i of a head turns with dimension i + size / 2.
function rotate(vector, size, position, theta) {
    const half = size / 2;
    for (let head = 0; head < vector.length; head += size) {
        for (let i = 0; i < half; i++) {
            const angle = position * theta ** (-2 * i / size), cos = Math.cos(angle), sin = Math.sin(angle);
            const [a, b] = [vector[head + i], vector[head + i + half]];
            vector[head + i] = a * cos - b * sin;
            vector[head + i + half] = b * cos + a * sin;
        }
    }
    return vector;
}

function logSoftmax(scores) {
    let largest = -Infinity, sum = 0;
    for (const score of scores)
        largest = Math.max(largest, score);
    for (const score of scores)
        sum += Math.exp(score - largest);
    return scores.map(score => score - largest - Math.log(sum));
}
