"""Serving language models: short explanations of what the notebooks show. Knows nothing but the texts."""

from __future__ import annotations

from .relation import lines

EXPLAIN = lines("""
a KV cache|A KV cache keeps the keys and values of tokens that were already computed, so that attention need not compute them again. It grows with every token.
RadixAttention|RadixAttention keeps the KV cache of finished requests in a radix tree. A new request that starts with the same tokens reuses them and computes only the rest.
a radix tree|A radix tree stores sequences so that a common beginning is stored once. Each edge carries a run of tokens, and an edge is split where two sequences part.
SGLang|SGLang is a system for programs that call language models: a small language with gen, select and fork, and a fast runtime with RadixAttention.
sgbench|sgbench is a workbench for SGLang's ideas inside Jupyter: you run programs in a cell and watch the radix tree, the cache and the schedule.
LRU|LRU means least recently used: when room is needed, the thing that was not used for the longest time goes first.
LRU eviction|LRU eviction frees the memory that was not used for the longest time. In a radix tree it takes leaves first, so that shared beginnings stay.
continuous batching|Continuous batching adds and removes requests at every step, so that a finished request makes room at once and nobody waits for the whole batch.
chunked prefill|Chunked prefill cuts a long prompt into pieces and computes them step by step, so that running requests need not wait for the whole prompt.
prefill|Prefill is the first phase of a request: the whole prompt is computed at once and its keys and values are stored.
decode|Decoding is the second phase of a request: one new token is computed per step, using the stored keys and values.
a compressed FSM|A compressed finite state machine merges chains of states with only one way on into one edge, so that many forced characters are emitted in one step.
jump-forward decoding|Jump-forward decoding appends text that a grammar forces without asking the model, token by token. Only the open parts are generated.
constrained decoding|Constrained decoding allows only tokens that keep the output valid, for example for a regex or a JSON schema. The other tokens are masked.
speculative execution|Speculative execution lets an API model write on past the end of a call and keeps the extra text. If the next calls match it, they cost nothing.
speculative decoding|In speculative decoding a small model guesses several tokens and the large model checks them in one step. The result is the same, only faster.
a token|A token is a piece of text, often a word or a part of one. A language model reads and writes tokens.
a tokenizer|A tokenizer cuts text into tokens and turns them into numbers, and back again.
byte-pair encoding|Byte-pair encoding builds a vocabulary by merging the most frequent neighbouring pieces again and again, starting from bytes.
attention|Attention lets every token look at earlier tokens and mix their values, weighted by how well its query fits their keys.
a transformer|A transformer is a neural network made of layers of attention and feed-forward parts. Most language models are transformers.
a language model|A language model predicts the next token of a text. Repeating that step writes text.
a large language model|A large language model is a language model with very many parameters, trained on very much text.
temperature|Temperature controls how random sampling is. At 0 the likeliest token is always taken; higher values give more variety.
greedy decoding|Greedy decoding always takes the likeliest next token. The same prompt gives the same answer.
top-p|Top-p sampling keeps the smallest set of likeliest tokens whose probabilities add up to p, and samples among them.
top-k|Top-k sampling keeps the k likeliest tokens and samples among them.
min-p|Min-p sampling drops tokens whose probability is below a fraction p of the likeliest one's.
a prompt|A prompt is the text that you give to a language model, and that it continues or answers.
few-shot prompting|Few-shot prompting puts a few worked examples before the question, so that the model sees the pattern.
a prefix cache|A prefix cache keeps the computed beginning of prompts, so that prompts with the same beginning need not compute it again.
prefix sharing|Prefix sharing means that requests with the same beginning use one copy of its keys and values in memory.
a cache hit rate|The cache hit rate is the share of prompt tokens that were found in the cache instead of being computed.
throughput|Throughput is how much work is done per second, for example tokens or requests per second.
latency|Latency is how long one request takes from start to end.
time to first token|Time to first token is how long it takes from sending a request until its first new token appears.
cache-aware scheduling|Cache-aware scheduling runs the waiting requests with the longest cached beginning first. That raises the hit rate.
first come, first served|First come, first served takes requests in the order of arrival. It is fair, but it may throw away cache that is needed again.
preemption|Preemption takes a running request out of the batch when memory is full. It is put back in the queue and continues later.
tensor parallelism|Tensor parallelism splits the matrices of every layer over several GPUs, which work on the same tokens together.
data parallelism|Data parallelism runs copies of a model on several devices and gives each a part of the requests.
paged attention|Paged attention stores keys and values in pages of fixed size, so that memory need not be one long piece per request.
fork in SGLang|In SGLang, fork makes several copies of a prompt that go on in parallel. They share the cache of their common beginning.
join in SGLang|In SGLang, join waits for the forked branches and brings their variables back together.
gen in SGLang|In SGLang, gen calls the model, writes its text into the prompt and stores it under a name.
select in SGLang|In SGLang, select chooses the likeliest of several given options and stores it under a name.
skeleton of thought|Skeleton of thought first asks for short points and then expands all points in parallel.
tree of thought|Tree of thought explores several ways to solve a problem as branches of a tree and chooses among the results.
chain of thought|Chain of thought means writing down the steps of a solution before the answer. It makes hard questions easier for a model.
self-consistency|Self-consistency samples several answers to one question and takes the most frequent one.
an LLM judge|An LLM judge is a language model that grades texts. Branch-solve-merge asks for several dimensions in parallel and merges them.
ReAct|ReAct lets a model write thoughts and actions in turn. After each action it reads an observation and goes on.
retrieval-augmented generation|Retrieval-augmented generation first looks up fitting passages and puts them into the prompt, so that the model can answer from them.
vLLM|vLLM is a serving engine for language models. It made paged attention known.
Guidance|Guidance is a Python library for programs that steer a language model with templates and constraints.
LMQL|LMQL is a query language for language models, with constraints written beside the prompt.
Hugging Face|Hugging Face is a company with a hub of open models and data sets and the library transformers.
PyTorch|PyTorch is a Python library for tensors and neural networks, on CPUs and GPUs.
CUDA|CUDA is NVIDIA's way to program its GPUs for general computing.
Triton|Triton is a language for writing fast GPU kernels in Python.
FlashAttention|FlashAttention computes attention in blocks that fit into the GPU's fast memory, so it is faster and needs less memory.
FlashInfer|FlashInfer is a library of fast attention kernels for serving language models.
a kernel|On a GPU a kernel is a small program that runs on many units in parallel. In Jupyter the kernel is the process that runs your code.
a mixture of experts|A mixture of experts has many feed-forward parts and uses only a few of them per token.
LoRA|LoRA fine-tunes a model by training small extra matrices, while the large ones stay as they are.
reinforcement learning|In reinforcement learning a program learns from rewards for what it does.
Llama|Llama is a family of open language models by Meta. My own architecture is that of Llama, only much smaller.
GPT|GPT means generative pre-trained transformer: a language model by OpenAI.
ChatGPT|ChatGPT is a chat program by OpenAI, built on large language models. I am much smaller.
OpenAI|OpenAI is a company that makes language models such as GPT.
DeepSeek|DeepSeek is a company that makes open language models.
Qwen|Qwen is a family of open language models by Alibaba.
GitHub|GitHub is a website where people share and work on code with Git.
Git|Git is a program that keeps the history of files, mostly of source code.
Linux|Linux is an open operating system. It was begun by Linus Torvalds in 1991.
Docker|Docker packs programs with all they need into containers that run anywhere.
a benchmark|A benchmark is a fixed task that measures how good or fast something is.
MMLU|MMLU is a test of multiple-choice questions over 57 subjects.
HellaSwag|HellaSwag is a test in which a model chooses the sensible ending of a little scene.
GSM8K|GSM8K is a set of school word problems in arithmetic.
DSPy|DSPy is a Python framework that builds and tunes pipelines of language-model calls.
an agent|An agent is a program in which a language model decides what to do, acts with tools and looks at the results.
a GPU|A GPU is a processor with thousands of small units that work in parallel. Neural networks run well on it.
a CPU|A CPU is the main processor of a computer. It is good at doing different things one after the other.
JSON|JSON is a simple text format for data, with objects in braces, lists in brackets, texts, numbers, true, false and null.
a regular expression|A regular expression is a pattern that describes a set of texts, for example [0-9]+ for one or more digits.
a finite state machine|A finite state machine has states and moves between them as it reads characters. It can check whether a text fits a regular expression.
Jupyter|Jupyter runs notebooks: documents with text, code and results, which you run cell by cell in the browser.
a Jupyter notebook|A Jupyter notebook is a document with cells of text and code. You run the code and see the results below it.
Python|Python is a programming language that is easy to read. It is much used for data, science and machine learning.
machine learning|Machine learning lets a computer learn a task from examples instead of fixed rules.
a neural network|A neural network is made of layers of simple units with weights. Training changes the weights until the outputs fit.
an embedding|An embedding is a list of numbers that stands for a word or text. Similar meanings get similar numbers.
logits|Logits are the scores that a model gives to every possible next token, before they are turned into probabilities.
softmax|Softmax turns a list of scores into probabilities that add up to one.
overfitting|Overfitting means that a model learns its training examples by heart and does badly on new ones.
quantization|Quantization stores the weights of a model with fewer bits. It saves memory and costs a little accuracy.
bf16|bf16 is a number format with 16 bits. It has the range of 32-bit numbers, but less precision.
a context window|The context window is the number of tokens that a model can see at once. Mine is at least 4,096 tokens.
a stop string|A stop string ends the generation as soon as it appears in the output.
a chat template|A chat template turns turns of a conversation into the one text that a chat model was trained on.
beam search|Beam search keeps several of the likeliest continuations at each step and takes the best one at the end.
hallucination|A hallucination is a statement that a model makes up. It sounds right, but it is not true.
fine-tuning|Fine-tuning trains a finished model a little more, on examples of a special task.
a reference count|A reference count tells how many users a thing has. Only when it is zero may the thing be freed.
an open-source program|Open-source programs come with their source code, which everyone may read and change.
""")

# Other names under which people ask for the same thing.
ALIASES: dict[str, tuple[str, ...]] = {
    "a KV cache": ("the KV cache", "kv cache", "KV caching", "the key-value cache", "a key value cache"),
    "RadixAttention": ("radix attention", "Radix Attention", "radixattention", "the radix cache"),
    "a radix tree": ("radix trees", "the radix tree", "radix tree"),
    "SGLang": ("sglang", "sgl", "the SGLang language"),
    "sgbench": ("SGBench", "this workbench", "the sgbench package"),
    "LRU": ("lru", "least recently used"),
    "LRU eviction": ("cache eviction", "eviction", "evicting leaves"),
    "continuous batching": ("in-flight batching", "batching in LLM serving"),
    "chunked prefill": ("prefill chunking", "chunked prefilling"),
    "prefill": ("prefilling", "the prefill phase", "the prefill step"),
    "decode": ("decoding", "the decode phase", "the decode step"),
    "a compressed FSM": ("the compressed finite state machine", "compressed finite state machines", "compressed FSMs"),
    "jump-forward decoding": ("jump forward", "jump-forward", "jumping forward"),
    "constrained decoding": (
        "structured output",
        "guided decoding",
        "structured generation",
        "regex-constrained generation",
    ),
    "speculative execution": ("API speculative execution", "API speculation", "speculation for API models"),
    "a token": ("tokens", "token"),
    "a tokenizer": ("tokenization", "tokenizers"),
    "byte-pair encoding": ("BPE", "byte pair encoding", "bpe"),
    "attention": ("self-attention", "the attention mechanism"),
    "a transformer": ("transformers", "the transformer"),
    "a large language model": ("LLMs", "an LLM", "large language models", "llm"),
    "temperature": ("the temperature parameter", "sampling temperature"),
    "greedy decoding": ("greedy sampling", "temperature 0"),
    "top-p": ("top p", "nucleus sampling", "top_p"),
    "top-k": ("top k", "top_k"),
    "few-shot prompting": ("few-shot", "few shot learning", "few-shot examples"),
    "a prefix cache": ("prefix caching", "automatic prefix caching"),
    "prefix sharing": ("sharing prefixes", "a shared prefix"),
    "a cache hit rate": ("the hit rate", "cache hits", "a cache hit"),
    "time to first token": ("TTFT", "ttft"),
    "cache-aware scheduling": ("longest shared prefix first", "cache aware scheduling", "LPM scheduling"),
    "first come, first served": ("FCFS", "fcfs scheduling"),
    "tensor parallelism": ("TP", "tensor parallel"),
    "data parallelism": ("DP", "data parallel"),
    "paged attention": ("PagedAttention", "pagedattention"),
    "fork in SGLang": ("fork", "s.fork", "forking a prompt"),
    "join in SGLang": ("join", "forks.join"),
    "gen in SGLang": ("gen", "sgl.gen", "the gen primitive"),
    "select in SGLang": ("select", "sgl.select", "the select primitive"),
    "tree of thought": ("tree of thoughts", "ToT"),
    "chain of thought": ("CoT", "chain-of-thought prompting"),
    "self-consistency": ("majority voting", "self consistency"),
    "retrieval-augmented generation": ("RAG", "retrieval augmented generation"),
    "a regular expression": ("regex", "a regex", "regular expressions"),
    "a finite state machine": ("FSM", "an FSM", "finite state machines", "a finite automaton"),
    "quantization": ("quantisation", "quantized weights"),
    "bf16": ("bfloat16", "BF16"),
    "a context window": ("the context length", "context length", "the context window"),
    "a stop string": ("stop strings", "the stop parameter"),
    "a chat template": ("chat templates", "ChatML"),
    "fine-tuning": ("finetuning", "fine tuning"),
    "speculative decoding": ("spec decoding", "draft models"),
}
