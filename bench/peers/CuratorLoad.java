import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.queue.DistributedQueue;
import org.apache.curator.framework.recipes.queue.QueueBuilder;
import org.apache.curator.framework.recipes.queue.QueueConsumer;
import org.apache.curator.framework.recipes.queue.QueueSerializer;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.retry.RetryOneTime;

/**
 * Puts the load on a queue of Curator (DistributedQueue with a lock path, so that a message outlives its consumer): a
 * client for each producer and each consumer.
 *
 * Arguments: address, path, producers, consumers, warm-up ms, measured ms. Speaks with its parent in lines of JSON, as
 * bench/load/main.ts does in messages. A message is acked by the queue itself when its consumer returns, so a receive
 * and an ack have no latencies of their own.
 */
public final class CuratorLoad {
  private static final AtomicBoolean running = new AtomicBoolean();
  private static final AtomicBoolean stopping = new AtomicBoolean();
  private static final AtomicLong published = new AtomicLong();
  private static final AtomicLong received = new AtomicLong();
  private static final List<Double> latencies = new ArrayList<>();

  private static final QueueSerializer<byte[]> bytes =
      new QueueSerializer<>() {
        @Override
        public byte[] serialize(byte[] item) {
          return item;
        }

        @Override
        public byte[] deserialize(byte[] item) {
          return item;
        }
      };

  private CuratorLoad() {}

  public static void main(String[] arguments) throws Exception {
    String address = arguments[0];
    String path = arguments[1];
    int producers = Integer.parseInt(arguments[2]);
    int consumers = Integer.parseInt(arguments[3]);
    Semaphore room = new Semaphore(producers * 4);

    for (int index = 0; index < consumers; index++) {
      queue(address, path, consumer(room)).start();
    }
    for (int index = 0; index < producers; index++) {
      DistributedQueue<byte[]> queue = queue(address, path, null);
      queue.start();
      Thread thread = new Thread(() -> produce(queue, room));
      thread.setDaemon(true);
      thread.start();
    }
    Thread.sleep(Long.parseLong(arguments[4]));
    System.out.println("{\"phase\":\"begin\"}");
    long start = System.nanoTime();
    long cpu = cpuNanos();
    running.set(true);
    Thread.sleep(Long.parseLong(arguments[5]));
    running.set(false);
    double seconds = (System.nanoTime() - start) / 1e9;
    double cpuSeconds = (cpuNanos() - cpu) / 1e9;
    System.out.println("{\"phase\":\"end\"}");
    stopping.set(true);
    System.out.printf(
        "{\"result\":{\"seconds\":%f,\"cpuSeconds\":%f,\"published\":%d,\"received\":%d,\"acked\":%d,"
            + "\"receivedAt\":[%d],\"latencies\":{%s}}}%n",
        seconds, cpuSeconds, published.get(), received.get(), received.get(), received.get(), publishSummary());
    System.out.flush();
    System.exit(0);
  }

  private static DistributedQueue<byte[]> queue(String address, String path, QueueConsumer<byte[]> consumer) {
    CuratorFramework client = CuratorFrameworkFactory.newClient(address, new RetryOneTime(100));
    client.start();
    return QueueBuilder.builder(client, consumer, bytes, path + "/queue").lockPath(path + "/locks").buildQueue();
  }

  private static QueueConsumer<byte[]> consumer(Semaphore room) {
    return new QueueConsumer<>() {
      @Override
      public void consumeMessage(byte[] message) {
        room.release();
        if (running.get()) {
          received.incrementAndGet();
        }
      }

      @Override
      public void stateChanged(CuratorFramework client, ConnectionState state) {}
    };
  }

  /** A put returns before it is confirmed, so it waits for that. */
  private static void produce(DistributedQueue<byte[]> queue, Semaphore room) {
    byte[] body = "zoogate ".repeat(32).getBytes(StandardCharsets.US_ASCII);
    try {
      while (!stopping.get()) {
        room.acquire();
        long start = System.nanoTime();
        queue.put(body);
        if (!queue.flushPuts(10, TimeUnit.SECONDS)) {
          throw new IllegalStateException("a put was not confirmed");
        }
        if (running.get()) {
          published.incrementAndGet();
          synchronized (latencies) {
            latencies.add((System.nanoTime() - start) / 1e6);
          }
        }
      }
    } catch (Exception error) {
      if (!stopping.get()) {
        error.printStackTrace();
        System.exit(1);
      }
    }
  }

  private static String publishSummary() {
    double[] sorted;
    synchronized (latencies) {
      sorted = latencies.stream().mapToDouble(Double::doubleValue).toArray();
    }
    if (sorted.length == 0) {
      return "";
    }
    Arrays.sort(sorted);
    return String.format(
        "\"publish\":{\"count\":%d,\"p50Ms\":%f,\"p99Ms\":%f}", sorted.length, at(sorted, 0.5), at(sorted, 0.99));
  }

  private static double at(double[] sorted, double share) {
    return sorted[Math.max(0, (int) Math.ceil(share * sorted.length) - 1)];
  }

  private static long cpuNanos() {
    return ((com.sun.management.OperatingSystemMXBean)
            java.lang.management.ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }
}
