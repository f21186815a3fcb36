"""How the crawler behaves toward every site, in Scrapy's terms.

What one site needs otherwise (its delay, its budget) is in its TOML; what one crawl needs (which sites, which data
folder) is given by `spiders.crawl` on the command line. Scrapy's defaults that are changed here were measured against
a hostile server; the reason stands beside each.
"""

from __future__ import annotations

import os

BOT_NAME = "yixun"
VERSION = "0.1"
SPIDER_MODULES = ["spiders.news"]
NEWSPIDER_MODULE = "spiders"

# Who we are
ROBOTS_TOKEN = "Yixun"  # noqa: S105  the product token of RFC 9309, not a secret
CONTACT = "".join(char for char in os.environ.get("YIXUN_CONTACT", "") if " " <= char <= "~").strip()
USER_AGENT = f"{ROBOTS_TOKEN}/{VERSION} (+{CONTACT or 'archive of hospital news; this operator gave no contact'})"
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5",
    "Accept-Encoding": "gzip, deflate, br, zstd",  # bodies are kept as received and decoded by pipeline.warc
}

# How politely
CONCURRENT_REQUESTS = 16  # in all; the spider asks one thing at a time of a site
CONCURRENT_REQUESTS_PER_DOMAIN = 1
CONCURRENT_ITEMS = 1  # for each response Scrapy starts so many tasks, of which one has something to do
DOWNLOAD_DELAY = 1.0  # seconds; every site's own comes from its TOML
DOWNLOAD_DELAY_JITTER = 0.0  # the delay of a TOML is a minimum
DOWNLOAD_TIMEOUT = 30  # seconds, from connecting to the last byte; Scrapy's 180 holds a slot for 9 minutes
RETRY_TIMES = 1
RETRY_EXCEPTIONS = ["scrapy.exceptions.DownloadFailedError"]  # a connection that was lost, not one that was refused
RETRY_HTTP_CODES = [500, 502, 503, 504, 522, 524, 408]  # 429 is the wait's, see middlewares
LONGEST_WAIT = 60.0  # seconds of Retry-After that are waited for; a longer one ends the site's crawl
MAXIMUM_SECONDS = 2 * 3600  # of one site's crawl

# What cannot hurt us
LONGEST_BODY = 16 * 1024 * 1024  # bytes that are kept of a body; Scrapy's own limit throws away what came
DOWNLOAD_MAXSIZE = 0
INSECURE_HOSTS: list[str] = []  # host:port whose certificates are not verified, because the operator's TOML says so
DOWNLOAD_WARNSIZE = 0
DOWNLOAD_FAIL_ON_DATALOSS = False  # a page that ends early is kept and marked
DOWNLOAD_HANDLERS = {  # http and https only
    "http": "spiders.download.LimitedHandler",
    "https": "spiders.download.LimitedHandler",
    "data": None,
    "file": None,
    "ftp": None,
    "s3": None,
}
TWISTED_DNS_RESOLVER = "spiders.guard.GuardedResolver"
NAMED_HOSTS: list[str] = []  # host:port that may be private, because the operator's TOML names them
COOKIES_ENABLED = False
REFERER_ENABLED = False  # CVE-2026-105782: a response header chose the code that was called
REDIRECT_ENABLED = False  # the spider follows redirects itself: only on the site, 5 at most, each one kept
METAREFRESH_ENABLED = False
COMPRESSION_ENABLED = False  # so that the body that arrives is the body as received
HTTPPROXY_ENABLED = False  # a proxy would connect past the guard
ROBOTSTXT_OBEY = False  # ours obeys: Scrapy's takes an unreachable robots.txt for a permission
REMOTE_CONTROL_ENABLED = False  # an HTTP server that runs code
TELNETCONSOLE_ENABLED = False
MEMUSAGE_ENABLED = True
MEMUSAGE_LIMIT_MB = 700  # for a batch of sites; it ends the whole batch
MEMUSAGE_CHECK_INTERVAL_SECONDS = 2.0

DOWNLOADER_MIDDLEWARES = {
    "spiders.middlewares.SiteMiddleware": 50,
    "spiders.middlewares.RobotsMiddleware": 100,
    "spiders.middlewares.RetryAfterMiddleware": 560,  # sees answers before Scrapy's retry (550)
    "spiders.middlewares.CaptureMiddleware": 950,  # nearest to the wire
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
    "scrapy.downloadermiddlewares.stats.DownloaderStats": None,  # puts every response together again to count bytes
}
EXTENSIONS = {
    "spiders.middlewares.Throttle": 0,
    "spiders.memory.MemoryUsage": 0,
    "scrapy.extensions.memusage.MemoryUsage": None,
    "scrapy.extensions.logstats.LogStats": None,
}
SPIDER_MIDDLEWARES = {  # what they do is done by the spider or switched off; each costs a generator a request
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
    "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware": None,
    "scrapy.spidermiddlewares.referer.RefererMiddleware": None,
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None,
}

LOG_LEVEL = "WARNING"
RETRY_GIVE_UP_LOG_LEVEL = "DEBUG"  # the spider says it in words
LOG_FORMAT = "%(levelname)s: %(message)s"
STATS_DUMP = False
WARN_ON_GENERATOR_RETURN_VALUE = False  # reads and parses the source of a callback anew for every response
