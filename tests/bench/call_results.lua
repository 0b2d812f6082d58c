-- wrk: one result per request, each of a call of its own under a random key, about one kilobyte as an engine sends it.
local threads = 0

function setup(thread)
  thread:set("id", threads)
  threads = threads + 1
end

function init()
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["X-CXBCore-Secret"] = os.getenv("CXBOX_BENCH_SECRET")
  run = os.getenv("CXBOX_BENCH_RUN")
  n = 0
  math.randomseed(os.time() + id * 7919)
  tail = [[","call_direction":"inbound","caller_id":"+15551234567","from_number":"+15551234567","call_duration_seconds":31.4,]]
    .. [["disconnected_by":"customer","started_at":"2026-01-01T12:00:00.000Z","answered_at":"2026-01-01T12:00:01.000Z",]]
    .. [["ended_at":"2026-01-01T12:00:32.400Z","answer_ms":1000,"tokens_total":812,"tokens_prompt":640,"transcript":[]]
    .. [[{"role":"assistant","content":"Good day, how can I help you?","ts":"2026-01-01T12:00:02.000Z"},]]
    .. [[{"role":"user","content":"I would like to know when you are open.","ts":"2026-01-01T12:00:07.000Z"},]]
    .. [[{"role":"assistant","content":"We are open from nine to five, Monday to Friday.","ts":"2026-01-01T12:00:09.000Z"}],]]
    .. [["events":[{"type":"answered"},{"type":"started"}],"intents":[{"id":"hours"}],"latency":{"first_audio_ms":212},]]
    .. [["post_call_analysis":{"summary":"asked for opening hours","sentiment":"neutral"},]]
    .. [["usage_metrics":[{"type":"post_call","prompt_tokens":100,"completion_tokens":10,"cache_read_input_tokens":60}]}]]
end

function request()
  n = n + 1
  return wrk.format(nil, "/api/v1/call-results", nil, string.format('{"session_id":"%08x-%s-%d-%d%s', math.random(0, 0x7fffffff), run, id, n, tail))
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("RESULT rate=%.0f p50_ms=%.1f p99_ms=%.1f max_ms=%.1f requests=%d failed=%d\n",
    summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency.max / 1000,
    summary.requests, errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
