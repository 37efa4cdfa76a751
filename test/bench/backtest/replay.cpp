// The same replay in C++: one GLFT market maker over a packed tape, as fast as plain C++ gets.
//
// usage: replay PREFIX GAMMA HALF SKEW ORDER_LOTS INVENTORY_MAX GRID ENTRY_US RESPONSE_US EXPONENT STEP_US
// PREFIX.rows, .ends, .exchange, .receive, .order hold the columns of the tape (see TapeBlock).
// Each line on stdin gives a line "NANOSECONDS FILLS ORDERS INVENTORY CASH NOTIONAL CHECKSUM LAST_HALF_TICKS STEPS".
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <limits>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

constexpr int32_t kWindow = 1 << 22;
constexpr int32_t kMargin = kWindow >> 3;
constexpr int32_t kWatched = INT32_MIN;
constexpr int32_t kMask = INT32_MAX;
constexpr int32_t kNoBid = -1;
constexpr int32_t kNoAsk = INT32_MIN;
constexpr int32_t kClear = INT32_MIN;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <typename T>
std::vector<T> load(const std::string& path) {
  FILE* file = std::fopen(path.c_str(), "rb");
  if (!file) std::exit(1);
  std::fseek(file, 0, SEEK_END);
  std::vector<T> values(static_cast<size_t>(std::ftell(file)) / sizeof(T));
  std::rewind(file);
  if (std::fread(values.data(), sizeof(T), values.size(), file) != values.size()) std::exit(1);
  std::fclose(file);
  return values;
}

struct Tape {
  std::vector<int32_t> rows, ends, order;
  std::vector<double> exchange, receive;
};

struct Ladder {
  std::vector<int32_t> cells;
  int32_t base = 0, bid = kNoBid, ask = kNoAsk;
  std::unordered_map<int32_t, int32_t> far;

  Ladder() : cells(kWindow) {}
  bool two_sided() const { return bid != kNoBid && ask != kNoAsk; }
  int32_t bid_ticks() const { return bid >> 1; }
  int32_t ask_ticks() const { return ~ask >> 1; }

  int32_t lots_at(int32_t code) const {
    int32_t index = code - base;
    if (static_cast<uint32_t>(index) < kWindow) return cells[index] & kMask;
    auto found = far.find(code);
    return found == far.end() ? 0 : found->second;
  }

  void clear() {
    if (bid != kNoBid || ask != kNoAsk) std::fill(cells.begin(), cells.end(), 0);
    far.clear();
    bid = kNoBid;
    ask = kNoAsk;
  }

  // Stores rows until the first that needs care; see storeUnwatched and storePlain.
  template <bool kHasOrders>
  inline int32_t store_plain(const int32_t* rows, int32_t from, int32_t to) {
    int32_t* const cell = cells.data();
    const int32_t low = base, bid_rank = bid;
    const uint32_t gap = static_cast<uint32_t>(ask) - static_cast<uint32_t>(bid);
    int32_t at = from;
    for (; at < to; at += 2) {
      const int32_t code = rows[at], lots = rows[at + 1];
      const uint32_t index = static_cast<uint32_t>(code) - static_cast<uint32_t>(low);
      if (index >= kWindow) break;
      if (kHasOrders && cell[index] < 0) break;
      cell[index] = lots;
      const int32_t side = -(code & 1), rank = code ^ side;
      const int32_t best =
          static_cast<int32_t>(static_cast<uint32_t>(bid_rank) + (static_cast<uint32_t>(side) & gap));
      if (rank + (lots == 0) > best) break;
    }
    return at;
  }

  void store(int32_t code, int32_t lots) {
    const int32_t index = code - base;
    if (static_cast<uint32_t>(index) < kWindow)
      cells[index] = (cells[index] & kWatched) | lots;
    else if (lots == 0)
      far.erase(code);
    else
      far[code] = lots;
    const bool is_bid = (code & 1) == 0;
    const int32_t rank = is_bid ? code : ~code, best = is_bid ? bid : ask;
    if (lots != 0 && rank > best) {
      set_best(is_bid, rank);
      if (is_bid && ask_ticks() <= code >> 1)
        set_best(false, rank_behind((code | 1) + 2));
      else if (!is_bid && bid_ticks() >= code >> 1)
        set_best(true, rank_behind((code & ~1) - 2));
    } else if (lots == 0 && rank == best) {
      set_best(is_bid, rank_behind(is_bid ? code - 2 : code + 2));
    }
  }

  int32_t rank_behind(int32_t from) const {
    const bool is_bid = (from & 1) == 0;
    const int32_t step = is_bid ? -2 : 2;
    int32_t index = from - base;
    while (static_cast<uint32_t>(index) < kWindow && (cells[index] & kMask) == 0) index += step;
    if (static_cast<uint32_t>(index) < kWindow) return is_bid ? base + index : ~(base + index);
    int32_t best = is_bid ? kNoBid : kNoAsk;
    const int32_t from_rank = is_bid ? from : ~from;
    for (const auto& [code, lots] : far) {
      if ((code & 1) != (from & 1)) continue;
      const int32_t rank = is_bid ? code : ~code;
      if (rank <= from_rank && rank > best) best = rank;
    }
    return best;
  }

  void set_best(bool is_bid, int32_t rank) {
    (is_bid ? bid : ask) = rank;
    if (rank == (is_bid ? kNoBid : kNoAsk)) return;
    const int32_t code = is_bid ? rank : ~rank, index = code - base;
    if ((index < kMargin && base > 0) || index >= kWindow - kMargin) move_window(code);
  }

  void move_window(int32_t code) {
    const int32_t moved = std::max(0, (code & ~1) - (kWindow >> 1));
    if (moved == base) return;
    for (int32_t index = 0; index < kWindow; index++)
      if (cells[index] != 0) far[base + index] = cells[index];
    std::fill(cells.begin(), cells.end(), 0);
    base = moved;
    for (auto it = far.begin(); it != far.end();) {
      const int32_t index = it->first - moved;
      if (static_cast<uint32_t>(index) < kWindow) {
        cells[index] = it->second;
        it = far.erase(it);
      } else {
        it->second &= kMask;
        it = it->second == 0 ? far.erase(it) : std::next(it);
      }
    }
  }
};

struct Config {
  double gamma, half, skew;
  int32_t order_lots;
  double inventory_max, grid;
  double entry_us, response_us, exponent, step_us;
};

enum State : uint8_t { kFree, kSent, kResting, kEnded };

struct Order {
  int32_t ticks = 0;
  State state = kFree;
  bool filled = false, cancel_sent = false;
  double ahead = 0, traded = 0, accepted_known_us = 0, end_known_us = 0;
};

constexpr int kWindowSteps = 6000, kRefitSteps = 50, kBins = 500, kFitBins = 70;
constexpr int32_t kNone = INT32_MIN;

struct Estimate {
  std::vector<int32_t> changes = std::vector<int32_t>(kWindowSteps, kNone);
  std::vector<int32_t> bins = std::vector<int32_t>(kWindowSteps, kNone);
  std::vector<double> histogram = std::vector<double>(kBins), rates = std::vector<double>(kBins);
  double step_seconds;
  int step = 0;
  int32_t last = kNone;
  double count = 0, sum = 0, squares = 0, volatility = 0, a = 0, k = 0;
  bool fitted = false;

  explicit Estimate(double step_us) : step_seconds(step_us / 1e6) {}

  bool observe(int32_t half_ticks, int32_t deepest) {
    const int at = step % kWindowSteps;
    if (changes[at] != kNone) {
      count--;
      sum -= changes[at];
      squares -= static_cast<double>(changes[at]) * changes[at];
    }
    if (bins[at] != kNone) histogram[bins[at]]--;
    const int32_t change = half_ticks == kNone || last == kNone ? kNone : half_ticks - last;
    changes[at] = change;
    if (change != kNone) {
      count++;
      sum += change;
      squares += static_cast<double>(change) * change;
    }
    const int32_t bin = deepest >= 1 ? (deepest - 1) >> 1 : kNone;
    const bool counted = bin != kNone && bin < kBins;
    bins[at] = counted ? bin : kNone;
    if (counted) histogram[bin]++;
    last = half_ticks;
    const int now = step++;
    return now >= kWindowSteps - 1 && now % kRefitSteps == 0 && refit();
  }

  bool refit() {
    const double mean = sum / count, variance = squares / count - mean * mean;
    volatility = std::sqrt(std::max(0.0, variance) / step_seconds) / 2;
    int n = kBins;
    while (n > 0 && histogram[n - 1] == 0) n--;
    if (n <= 2) return fitted;
    double reached = 0;
    for (int bin = n - 1; bin >= 0; bin--) {
      reached += histogram[bin];
      rates[bin] = reached / (kWindowSteps * step_seconds);
    }
    const int m = std::min(n, kFitBins);
    double depth_sum = 0, log_sum = 0;
    for (int bin = 0; bin < m; bin++) {
      depth_sum += bin + 0.5;
      log_sum += std::log(rates[bin]);
    }
    const double depth_mean = depth_sum / m, log_mean = log_sum / m;
    double depth_squares = 0, products = 0;
    for (int bin = 0; bin < m; bin++) {
      const double depth = bin + 0.5 - depth_mean;
      depth_squares += depth * depth;
      products += depth * (std::log(rates[bin]) - log_mean);
    }
    const double slope = products / depth_squares;
    const double fit_a = std::exp(log_mean - slope * depth_mean);
    if (-slope > 0 && std::isfinite(slope) && std::isfinite(fit_a)) {
      k = -slope;
      a = fit_a;
      fitted = true;
    }
    return fitted;
  }
};

struct Replay {
  const Tape& tape;
  const Config& config;
  Ladder exchange, local;
  std::vector<Order> orders;
  int slots_per_side;
  int32_t buy_max = 0, sell_min = INT32_MAX;
  std::deque<int> answers;
  struct Batch {
    double arrive_us;
    size_t end;
  };
  std::deque<Batch> batches;
  std::deque<int> requests;
  size_t requests_taken = 0, requests_put = 0;
  size_t exchange_frame = 0, local_frame = 0, time_frame = 0;
  int32_t step_half = kNone, deepest = kNone;
  double inventory = 0, cash = 0, notional = 0, known_inventory = 0;
  int32_t fills = 0, sent = 0;
  uint32_t checksum = 0;
  bool quoting = false;
  double half_spread = 0, skew = 0, grid = 0;
  Estimate estimate;

  Replay(const Tape& t, const Config& c) : tape(t), config(c), estimate(c.step_us) {
    slots_per_side = 2 * static_cast<int>(std::ceil((c.entry_us + c.response_us) / c.step_us)) + 2;
    orders.resize(2 * slots_per_side);
  }

  int side_of(int slot) const { return slot / slots_per_side; }
  int32_t start_of(size_t frame) const { return frame == 0 ? 0 : tape.ends[frame - 1]; }

  double time_of(int32_t at) {
    while (tape.ends[time_frame] <= at) time_frame++;
    return tape.exchange[time_frame];
  }

  void run_exchange_rows(int32_t from, int32_t to) {
    const int32_t* rows = tape.rows.data();
    int32_t at = exchange.store_plain<true>(rows, from, to);
    while (at < to) {
      do {
        care(at);
        at += 2;
      } while (at < to && rows[at] < 0);
      at = exchange.store_plain<true>(rows, at, to);
    }
  }

  void care(int32_t at) {
    const int32_t code = tape.rows[at], lots = tape.rows[at + 1];
    if (code >= 0)
      level(at, code, lots);
    else if (code == kClear) {
      exchange.clear();
      for (int slot = 0; slot < static_cast<int>(orders.size()); slot++)
        if (orders[slot].state == kResting) watch(2 * orders[slot].ticks + side_of(slot), true);
    } else if ((~code & 1) == 0) {
      const int32_t ticks = ~code >> 1;
      if (ticks < sell_min) return;
      const double time = time_of(at);
      for (int slot = slots_per_side; slot < 2 * slots_per_side; slot++)
        trade(slot, orders[slot].ticks < ticks, orders[slot].ticks == ticks, lots, time);
      refresh();
    } else {
      const int32_t ticks = ~code >> 1;
      if (ticks > buy_max) return;
      const double time = time_of(at);
      for (int slot = 0; slot < slots_per_side; slot++)
        trade(slot, orders[slot].ticks > ticks, orders[slot].ticks == ticks, lots, time);
      refresh();
    }
  }

  void trade(int slot, bool through, bool there, int32_t lots, double time) {
    Order& order = orders[slot];
    if (order.state != kResting) return;
    if (through) return fill(slot, time);
    if (!there) return;
    order.ahead -= lots;
    order.traded += lots;
    if (order.ahead <= -0.5) fill(slot, time);
  }

  void level(int32_t at, int32_t code, int32_t lots) {
    const int32_t index = code - exchange.base;
    const int32_t cell = static_cast<uint32_t>(index) < kWindow ? exchange.cells[index] : 0;
    if (cell < 0) {
      const int from = (code & 1) * slots_per_side;
      for (int slot = from; slot < from + slots_per_side; slot++)
        if (orders[slot].state == kResting && orders[slot].ticks == code >> 1)
          move_queue(orders[slot], cell & kMask, lots);
    }
    exchange.store(code, lots);
    if ((code & 1) == 0) {
      if (exchange.bid_ticks() >= sell_min) {
        const double time = time_of(at);
        for (int slot = slots_per_side; slot < 2 * slots_per_side; slot++)
          if (orders[slot].state == kResting && orders[slot].ticks <= exchange.bid_ticks()) fill(slot, time);
        refresh();
      }
    } else if (exchange.ask_ticks() <= buy_max) {
      const double time = time_of(at);
      for (int slot = 0; slot < slots_per_side; slot++)
        if (orders[slot].state == kResting && orders[slot].ticks >= exchange.ask_ticks()) fill(slot, time);
      refresh();
    }
  }

  double power(double value) const {
    return config.exponent == 3 ? value * value * value : std::pow(value, config.exponent);
  }

  void move_queue(Order& order, double before, double after) {
    const double gone = before - after - order.traded;
    order.traded = 0;
    if (config.exponent == 0 || gone < 0) {
      order.ahead = std::min(order.ahead, after);
      return;
    }
    const double behind = before - order.ahead, weight = power(behind);
    const double share = weight / (weight + power(std::max(order.ahead, 0.0)));
    const double estimated = order.ahead - (1 - share) * gone + std::min(behind - share * gone, 0.0);
    order.ahead = std::isnan(estimated) ? after : std::min(estimated, after);
  }

  void fill(int slot, double time) {
    Order& order = orders[slot];
    const double sign = side_of(slot) == 0 ? 1 : -1, lots = config.order_lots;
    inventory += sign * lots;
    cash -= sign * order.ticks * lots;
    notional += order.ticks * lots;
    fills++;
    order.filled = true;
    unrest(slot);
    end(slot, time);
  }

  void end(int slot, double time) {
    orders[slot].state = kEnded;
    orders[slot].end_known_us = time + config.response_us;
    answers.push_back(slot);
  }

  void watch(int32_t code, bool on) {
    const int32_t index = code - exchange.base;
    if (static_cast<uint32_t>(index) < kWindow)
      exchange.cells[index] = (exchange.cells[index] & kMask) | (on ? kWatched : 0);
  }

  void unrest(int slot) {
    orders[slot].state = kEnded;
    const int from = side_of(slot) * slots_per_side;
    bool others = false;
    for (int other = from; other < from + slots_per_side; other++)
      others |= orders[other].state == kResting && orders[other].ticks == orders[slot].ticks;
    if (!others) watch(2 * orders[slot].ticks + side_of(slot), false);
    refresh();
  }

  void refresh() {
    buy_max = 0;
    sell_min = INT32_MAX;
    for (int slot = 0; slot < slots_per_side; slot++)
      if (orders[slot].state == kResting) buy_max = std::max(buy_max, orders[slot].ticks);
    for (int slot = slots_per_side; slot < 2 * slots_per_side; slot++)
      if (orders[slot].state == kResting) sell_min = std::min(sell_min, orders[slot].ticks);
  }

  void arrive(int slot, double time) {
    Order& order = orders[slot];
    const bool takes = side_of(slot) == 0
                           ? order.ticks >= exchange.ask_ticks()
                           : order.ticks <= exchange.bid_ticks();
    if (takes) return end(slot, time);
    const int32_t code = 2 * order.ticks + side_of(slot);
    order.ahead = exchange.lots_at(code);
    order.traded = 0;
    order.state = kResting;
    watch(code, true);
    if (side_of(slot) == 0)
      buy_max = std::max(buy_max, order.ticks);
    else
      sell_min = std::min(sell_min, order.ticks);
  }

  void run_exchange_until(double until) {
    size_t frame = exchange_frame;
    while (frame < tape.exchange.size() && tape.exchange[frame] <= until) frame++;
    if (frame == exchange_frame) return;
    const int32_t from = start_of(exchange_frame);
    time_frame = exchange_frame;
    exchange_frame = frame;
    run_exchange_rows(from, tape.ends[frame - 1]);
  }

  void run_exchange(double until) {
    while (!batches.empty() && batches.front().arrive_us <= until) {
      const Batch batch = batches.front();
      batches.pop_front();
      run_exchange_until(batch.arrive_us);
      for (; requests_taken < batch.end; requests_taken++) {
        const int request = requests.front();
        requests.pop_front();
        if (request >= 0)
          arrive(request, batch.arrive_us);
        else if (orders[~request].state == kResting) {
          unrest(~request);
          end(~request, batch.arrive_us);
        }
      }
    }
    run_exchange_until(until);
  }

  void run_local(double until) {
    const auto& order = tape.order;
    while (local_frame < order.size() && tape.receive[order[local_frame]] <= until) {
      const int32_t first = order[local_frame++];
      int32_t last = first;
      while (local_frame < order.size() && order[local_frame] == last + 1 && tape.receive[last + 1] <= until) {
        last++;
        local_frame++;
      }
      run_local_rows(start_of(first), tape.ends[last]);
    }
  }

  void run_local_rows(int32_t from, int32_t to) {
    const int32_t* rows = tape.rows.data();
    int32_t at = local.store_plain<false>(rows, from, to);
    while (at < to) {
      do {
        const int32_t code = rows[at];
        if (code >= 0)
          local.store(code, rows[at + 1]);
        else if (code == kClear)
          local.clear();
        else if (step_half != kNone) {
          const int32_t from_mid = (~code & ~1) - step_half;
          deepest = std::max(deepest, (~code & 1) == 0 ? from_mid : -from_mid);
        }
        at += 2;
      } while (at < to && rows[at] < 0);
      at = local.store_plain<false>(rows, at, to);
    }
  }

  int32_t half_ticks() const {
    return local.two_sided() ? local.bid_ticks() + local.ask_ticks() : kNone;
  }

  void step(double now) {
    run_exchange(now);
    run_local(now);
    while (!answers.empty() && orders[answers.front()].end_known_us <= now) {
      const int slot = answers.front();
      answers.pop_front();
      orders[slot].state = kFree;
      if (orders[slot].filled) known_inventory += side_of(slot) == 0 ? config.order_lots : -config.order_lots;
    }
    const int32_t depth = deepest, mid = half_ticks();
    deepest = kNone;
    step_half = mid;
    if (estimate.observe(mid, depth)) {
      const double log_term = std::log1p(config.gamma / estimate.k);
      const double growth = std::exp((estimate.k / config.gamma + 1) * log_term);
      const double c2 = std::sqrt(config.gamma / (2 * estimate.a * estimate.k) * growth);
      const double slope = estimate.volatility * c2;
      half_spread = (log_term / config.gamma + 0.5 * slope) * config.half;
      skew = slope * config.skew;
      grid = std::floor(half_spread * config.grid + 0.5);
      quoting = true;
    }
    const size_t before = requests_put;
    if (mid == kNone) {
      quote_side(0, 0, now);
      quote_side(1, 0, now);
    } else if (quoting)
      quote(now);
    if (requests_put != before) batches.push_back({now + config.entry_us, requests_put});
  }

  void quote(double now) {
    const double best_bid = local.bid_ticks(), best_ask = local.ask_ticks(), mid = (best_bid + best_ask) / 2;
    const double reservation = mid - skew * known_inventory / config.order_lots;
    double bid = std::min(std::floor(reservation - half_spread + 0.5), best_bid);
    double ask = std::max(std::floor(reservation + half_spread + 0.5), best_ask);
    if (grid > 1) {
      bid = std::floor(bid / grid) * grid;
      ask = std::ceil(ask / grid) * grid;
    }
    const bool has_bid = known_inventory < config.inventory_max && bid > 0 && mid - bid <= 1 << 18;
    const bool has_ask = known_inventory > -config.inventory_max && ask - mid <= 1 << 18;
    const int32_t bid_ticks = has_bid ? static_cast<int32_t>(bid) : 0;
    const int32_t ask_ticks = has_ask ? static_cast<int32_t>(ask) : 0;
    checksum = checksum * 31 + static_cast<uint32_t>(bid_ticks) * 7 + static_cast<uint32_t>(ask_ticks);
    quote_side(0, bid_ticks, now);
    quote_side(1, ask_ticks, now);
  }

  void quote_side(int side, int32_t ticks, double now) {
    const int from = side * slots_per_side;
    bool there = ticks == 0;
    int free = -1;
    for (int slot = from; slot < from + slots_per_side; slot++) {
      Order& order = orders[slot];
      if (order.state == kFree)
        free = slot;
      else if (order.ticks == ticks)
        there = true;
      else if (!order.cancel_sent && order.accepted_known_us <= now) {
        order.cancel_sent = true;
        requests.push_back(~slot);
        requests_put++;
      }
    }
    if (there) return;
    if (free < 0) std::exit(3);
    Order& order = orders[free];
    order = Order{};
    order.ticks = ticks;
    order.state = kSent;
    order.accepted_known_us = now + config.entry_us + config.response_us;
    sent++;
    requests.push_back(free);
    requests_put++;
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 12) return 2;
  const std::string prefix = argv[1];
  const Tape tape{load<int32_t>(prefix + ".rows"), load<int32_t>(prefix + ".ends"), load<int32_t>(prefix + ".order"),
                  load<double>(prefix + ".exchange"), load<double>(prefix + ".receive")};
  auto number = [&](int index) { return std::atof(argv[index]); };
  const Config config{number(2), number(3), number(4), std::atoi(argv[5]), number(6),
                      number(7), number(8), number(9), number(10),         number(11)};
  char line[64];
  while (std::fgets(line, sizeof line, stdin)) {
    const auto from = std::chrono::steady_clock::now();
    Replay replay(tape, config);
    int steps = 0;
    const double end = tape.receive[tape.order.back()];
    for (double now = tape.exchange[0] + config.step_us; now < end; now += config.step_us, steps++) replay.step(now);
    replay.run_exchange(kInfinity);
    replay.run_local(kInfinity);
    const auto to = std::chrono::steady_clock::now();
    const long long ns = std::chrono::duration_cast<std::chrono::nanoseconds>(to - from).count();
    std::printf("%lld %d %d %.0f %.0f %.0f %d %d %d\n", ns, replay.fills, replay.sent, replay.inventory, replay.cash,
                replay.notional, static_cast<int32_t>(replay.checksum), replay.half_ticks(), steps);
    std::fflush(stdout);
  }
  return 0;
}
