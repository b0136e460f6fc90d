"""Asks PyTorch whether the formulas that TrainingTests hold optimizers and losses against are its own.

Everything is computed in double precision; prints the largest difference of each rule, and fails if one is above 1e-9.
"""

import sys

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(0)
STEPS, COUNT, RATE = 10, 37, 0.01
worst = 0.0


def report(name, difference):
    global worst
    worst = max(worst, float(difference))
    print(f"{name:40} {float(difference):.1e}")


def compare(name, make, rule):
    start = torch.randn(COUNT)
    weight = torch.nn.Parameter(start.clone())
    optimizer = make([weight])
    ours, moments = start.clone(), [torch.zeros(COUNT) for _ in range(3)]
    for step in range(1, STEPS + 1):
        gradient = torch.randn(COUNT)
        weight.grad = gradient.clone()
        optimizer.step()
        ours = rule(ours, gradient, moments, step)
    report(name, (weight.detach() - ours).abs().max())


def sgd(momentum=0.0, dampening=0.0, nesterov=False, decay=0.0):
    def rule(w, g, m, step):
        g = g + decay * w
        if not momentum:
            return w - RATE * g
        m[0] = g if step == 1 else momentum * m[0] + (1 - dampening) * g
        return w - RATE * (g + momentum * m[0] if nesterov else m[0])

    compare(
        f"SGD {momentum} {dampening} {nesterov} {decay}",
        lambda p: torch.optim.SGD(p, RATE, momentum, dampening, decay, nesterov),
        rule,
    )


def adam(name, make, beta1=0.9, beta2=0.999, epsilon=1e-8, decay=0.0, shrink=0.0):
    def rule(w, g, m, step):
        g = g + decay * w
        w = w * (1 - RATE * shrink)
        m[0] = beta1 * m[0] + (1 - beta1) * g
        m[1] = beta2 * m[1] + (1 - beta2) * g * g
        return w - RATE * (m[0] / (1 - beta1**step)) / ((m[1] / (1 - beta2**step)).sqrt() + epsilon)

    compare(name, make, rule)


def rmsprop(momentum, centered, decay):
    def rule(w, g, m, step):
        g = g + decay * w
        m[0] = 0.9 * m[0] + 0.1 * g * g
        spread = m[0]
        if centered:
            m[1] = 0.9 * m[1] + 0.1 * g
            spread = m[0] - m[1] ** 2
        m[2] = momentum * m[2] + g / (spread.sqrt() + 1e-8)
        return w - RATE * m[2]

    compare(
        f"RMSprop {momentum} {centered} {decay}",
        lambda p: torch.optim.RMSprop(p, RATE, 0.9, 1e-8, decay, momentum, centered),
        rule,
    )


def adagrad(w, g, m, step):
    g = g + 0.01 * w
    m[0] = (m[0] if step > 1 else 0.5) + g * g
    return w - RATE / (1 + (step - 1) * 0.1) * g / (m[0].sqrt() + 1e-10)


def losses():
    scores, classes = torch.randn(4, 3), torch.tensor([2, 0, 1, 2])
    weights, smoothing = torch.tensor([1.0, 0.5, 3.0]), 0.2
    logarithms = scores.log_softmax(1)
    for ignored in (-100, 0):
        kept = classes != ignored
        right = logarithms.gather(1, classes[:, None])[:, 0]
        even = (weights * logarithms).sum(1) / 3
        ours = -((1 - smoothing) * weights[classes] * right + smoothing * even)[kept].sum() / weights[classes][kept].sum()
        theirs = F.cross_entropy(scores, classes, weights, ignore_index=ignored, label_smoothing=smoothing)
        report(f"cross-entropy, ignoring {ignored}", (ours - theirs).abs())
    q = torch.rand(4, 3).softmax(1)
    report("cross-entropy of probabilities", (-(q * logarithms).sum(1).mean() - F.cross_entropy(scores, q)).abs())
    y, positive = torch.rand(4, 3), torch.tensor([2.0, 1.0, 0.5])
    p = scores.sigmoid()
    ours = -(positive * y * p.log() + (1 - y) * (1 - p).log()).mean()
    report("binary cross-entropy", (ours - F.binary_cross_entropy_with_logits(scores, y, pos_weight=positive)).abs())
    d = scores - y
    huber = torch.where(d.abs() <= 0.7, d * d / 2, 0.7 * (d.abs() - 0.35)).mean()
    report("Huber", (huber - F.huber_loss(scores, y, delta=0.7)).abs())
    report("smooth L1", (huber / 0.7 - F.smooth_l1_loss(scores, y, beta=0.7)).abs())
    logq = (scores / 2).log_softmax(1)
    ours = 4 * (q * (q.log() - logq)).sum(1).mean()
    report("KL divergence", (ours - 4 * F.kl_div(logq, q, reduction="batchmean")).abs())
    cosine = (scores * y).sum(1) / (scores.norm(dim=1) * y.norm(dim=1))
    report("cosine", ((1 - cosine).mean() - F.cosine_embedding_loss(scores, y, torch.ones(4))).abs())
    ctc()


def ctc():
    scores, labels = torch.randn(5, 2, 3), [[1, 1], [2, 1]]
    logarithms = scores.log_softmax(2)
    ours = 0.0
    for i, wanted in enumerate(labels):
        total = 0.0
        for code in range(3**5):
            path = [code // 3**t % 3 for t in range(5)]
            read = [c for t, c in enumerate(path) if c and (t == 0 or path[t - 1] != c)]
            if read == wanted:
                total += sum(logarithms[t, i, c] for t, c in enumerate(path)).exp()
        ours -= total.log() / len(wanted) / len(labels)
    theirs = F.ctc_loss(logarithms, torch.tensor(labels), torch.tensor([5, 5]), torch.tensor([2, 2]))
    report("CTC", (ours - theirs).abs())


sgd()
sgd(decay=0.1)
sgd(0.9, 0.2, False, 0.01)
sgd(0.9, 0, True)
adam("Adam", lambda p: torch.optim.Adam(p, RATE, (0.8, 0.99), 1e-6, 0.1), 0.8, 0.99, 1e-6, 0.1)
adam("AdamW", lambda p: torch.optim.AdamW(p, RATE, weight_decay=0.5), shrink=0.5)
for momentum in (0, 0.5):
    for centered in (False, True):
        rmsprop(momentum, centered, 0.01)
compare("Adagrad", lambda p: torch.optim.Adagrad(p, RATE, 0.1, 0.01, 0.5), adagrad)
losses()
sys.exit(worst > 1e-9)
