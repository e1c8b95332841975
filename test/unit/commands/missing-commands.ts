/*
 * The commands of redis-server 7.2.4 that are not there yet, by what brings them. It is held
 * against the rows by command-facts.test.ts, in both directions.
 */

export const missingCommands: Readonly<Record<string, readonly string[]>> = {
  'data types': [
    ...words('blmove blmpop blpop brpop brpoplpush lindex linsert llen lmove lmpop lpop lpos'),
    ...words('lpush lpushx lrange lrem lset ltrim rpop rpoplpush rpush rpushx'),
    ...words('bzmpop bzpopmax bzpopmin zadd zcard zcount zdiff zdiffstore zincrby zinter'),
    ...words('zintercard zinterstore zlexcount zmpop zmscore zpopmax zpopmin zrandmember'),
    ...words('zrange zrangebylex zrangebyscore zrangestore zrank zrem zremrangebylex'),
    ...words('zremrangebyrank zremrangebyscore zrevrange zrevrangebylex zrevrangebyscore'),
    ...words('zrevrank zscan zscore zunion zunionstore'),
    ...words('geoadd geodist geohash geopos georadius georadius_ro georadiusbymember'),
    ...words('georadiusbymember_ro geosearch geosearchstore'),
    ...words('hdel hexists hget hgetall hincrby hincrbyfloat hkeys hlen hmget hmset'),
    ...words('hrandfield hscan hset hsetnx hstrlen hvals'),
    ...words('pfadd pfcount pfdebug pfmerge pfselftest'),
    ...words('sadd scard sdiff sdiffstore sinter sintercard sinterstore sismember smembers'),
    ...words('smismember smove spop srandmember srem sscan sunion sunionstore'),
    ...words('sort sort_ro'),
    ...words('xack xadd xautoclaim xclaim xdel xgroup xgroup|create xgroup|createconsumer'),
    ...words('xgroup|delconsumer xgroup|destroy xgroup|help xgroup|setid xinfo'),
    ...words('xinfo|consumers xinfo|groups xinfo|help xinfo|stream xlen xpending xrange'),
    ...words('xread xreadgroup xrevrange xsetid xtrim'),
  ],
  'the log': words('bgrewriteaof'),
  replication: words('failover'),
  scripting: [
    ...words('eval eval_ro evalsha evalsha_ro fcall fcall_ro function function|delete'),
    ...words('function|dump function|flush function|help function|kill function|list'),
    ...words('function|load function|restore function|stats script script|debug'),
    ...words('script|exists script|flush script|help script|kill script|load'),
  ],
  ACL: [
    ...words('acl acl|cat acl|deluser acl|dryrun acl|genpass acl|getuser acl|help acl|list'),
    ...words('acl|load acl|log acl|save acl|setuser acl|users acl|whoami'),
  ],
  tracking: words('client|caching client|tracking'),
  'sharded pub/sub': words(
    'pubsub|shardchannels pubsub|shardnumsub spublish ssubscribe sunsubscribe',
  ),
  cluster: [
    ...words('asking cluster cluster|addslots cluster|addslotsrange cluster|bumpepoch'),
    ...words('cluster|count-failure-reports cluster|countkeysinslot cluster|delslots'),
    ...words('cluster|delslotsrange cluster|failover cluster|flushslots cluster|forget'),
    ...words('cluster|getkeysinslot cluster|help cluster|info cluster|keyslot cluster|links'),
    ...words('cluster|meet cluster|myid cluster|myshardid cluster|nodes cluster|replicas'),
    ...words('cluster|replicate cluster|reset cluster|saveconfig cluster|set-config-epoch'),
    ...words('cluster|setslot cluster|shards cluster|slaves cluster|slots migrate readonly'),
    ...words('readwrite'),
  ],
  modules: words('module module|help module|list module|load module|loadex module|unload'),
};

function words(line: string): string[] {
  return line.split(' ');
}
