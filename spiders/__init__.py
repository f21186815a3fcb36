"""What is fetched and how politely. The only home of Scrapy."""
