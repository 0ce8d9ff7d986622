"""Lines that appear in scripts verbatim."""

TEXTS = '''def texts(name):
    """Texts, which are stored as JSON."""
    return json.loads(data[name].tobytes())'''

PRETRAINED = """for layer in model.layers:
    stored = [name for name in data if name.startswith(f"weights/{layer.name}/")]
    if stored:
        layer.set_weights([data[f"weights/{layer.name}/{i}"] for i in range(len(stored))])"""

POSITIONS = '''def all_positions():
    """Positions of batch after batch, epoch after epoch."""
    for epoch in range(EPOCHS):
        order = order_of(epoch)
        for start in range(0, len(order), BATCH_SIZE):
            yield order[start : start + BATCH_SIZE]


STEPS = math.ceil(len(train_y) / BATCH_SIZE)
positions = tf.data.Dataset.from_generator(
    all_positions, output_signature=tf.TensorSpec([None], tf.int64)
)'''

PICK_SEQUENCES = '''def batches(positions, x, y, lengths):
    """The examples at these positions, each batch cut to its longest."""
    x, y, lengths = tf.constant(x), tf.constant(y), tf.constant(lengths)

    def pick(where):
        longest = tf.reduce_max(tf.gather(lengths, where))
        return tf.gather(x, where)[:, :longest], tf.gather(y, where)

    return positions.map(pick).prefetch(2)


def by_length(x, y, lengths):
    """All examples once, those of similar length together."""
    order = np.argsort(lengths, kind="stable")
    return batches(tf.data.Dataset.from_tensor_slices(order).batch(512), x, y, lengths)'''

DIGEST = """# Runs of the same spec on the same machine have the same weights: Trainyard shows this number, too.
digest = hashlib.sha256()
for value in {model}.get_weights():
    digest.update(np.ascontiguousarray(value).data)
metrics["weights_sha256"] = digest.hexdigest()"""
